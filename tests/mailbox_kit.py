"""A mail server of a test: it keeps what it is given."""

from __future__ import annotations

import socketserver
import threading
from contextlib import contextmanager


class Mailbox(socketserver.StreamRequestHandler):
    """An SMTP server of forty lines: EHLO, STARTTLS, AUTH PLAIN, MAIL, RCPT, DATA, QUIT."""

    def handle(self):
        """Answer one connection."""
        self.say("220 test")
        while line := self.rfile.readline().decode().strip():
            word = line.split(" ")[0].upper()
            if word == "EHLO":
                self.say("250-test", *(["250-STARTTLS"] if self.server.context else []), "250 AUTH PLAIN")
            elif word == "STARTTLS":
                self.say("220 go")
                self.connection = self.server.context.wrap_socket(self.connection, server_side=True)
                self.rfile, self.wfile = self.connection.makefile("rb"), self.connection.makefile("wb", 0)
            elif word == "AUTH":
                self.server.logins.append(line)
                self.say("235 ok")
            elif word == "DATA":
                self.say("354 go")
                lines = []
                while (text := self.rfile.readline().decode()) != ".\r\n":
                    lines.append(text)
                self.server.letters.append("".join(lines))
                self.say("250 ok")
            elif word == "RCPT" and "nobody" in line:
                self.say("550 no such person")
            elif word == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("250 ok")

    def finish(self):
        """Close what STARTTLS put in the place of the first connection."""
        super().finish()
        self.connection.close()

    def say(self, *lines):
        """Write lines."""
        for line in lines:
            self.wfile.write(f"{line}\r\n".encode())


@contextmanager
def serving(server):
    """A server in a thread; its port."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def mailbox(context=None):
    """A mail server that keeps what it gets."""
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Mailbox)
    server.context, server.letters, server.logins = context, [], []
    server.handle_error = lambda *_: None
    return server
