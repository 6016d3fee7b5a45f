"""Letters and webhooks against servers on this machine: what arrives, what is refused, what is believed."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import ssl
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from mailbox_kit import mailbox, serving
from summand.errors import DeliveryFailed, SignatureInvalid, StrangerRefused, UsageError
from summand.notices import (
    Letter,
    MailServer,
    NoticeSettings,
    Webhook,
    as_message,
    send_letters,
    send_webhook,
    signed_headers,
    verify_webhook,
)  # fmt: skip
from summand.signing import PrivateKey

KEY = PrivateKey.generate()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate of localhost that nobody trusts by itself: its file and its key's."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1)).not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder


def context_of(certificate):
    """The server's side of TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    return context


LETTER = Letter("lead@north.example", "Zwei für dich", "Vote for north\n.\nbehind a dot")


def test_letters_arrive_as_they_were_written():
    """Two letters over one connection; a line of one dot does not end the text."""
    box = mailbox()
    with serving(box) as port:
        server = MailServer("127.0.0.1", port, "summand@hub.example", "none")
        assert send_letters(server, [LETTER, Letter("a@b.example", "Second", "x")]) == 2
        assert send_letters(server, []) == 0
    assert "To: lead@north.example" in box.letters[0]
    assert "Auto-Submitted: auto-generated" in box.letters[0]
    assert "behind a dot" in box.letters[0]


def test_starttls_with_a_trusted_certificate_logs_in_and_with_another_sends_nothing(certificate):
    """The password is sent over TLS alone."""
    box = mailbox(context_of(certificate))
    with serving(box) as port:
        given = {"host": "localhost", "port": port, "sender": "s@hub.example", "user": "u", "password": "secret"}
        trusting = MailServer(**given, ca_file=str(certificate / "cert.pem"))
        assert "secret" not in repr(trusting)
        assert send_letters(trusting, [LETTER]) == 1
        assert len(box.logins) == 1
        with pytest.raises(DeliveryFailed):
            send_letters(MailServer(**given), [LETTER])
    assert (len(box.logins), len(box.letters)) == (1, 1)


def test_a_server_without_starttls_gets_nothing(certificate):
    """No letter and no password go out in the clear."""
    box = mailbox()
    with serving(box) as port, pytest.raises(DeliveryFailed):
        send_letters(MailServer("127.0.0.1", port, "s@hub.example", user="u", password="p"), [LETTER])
    assert (box.logins, box.letters) == ([], [])


def test_a_refused_letter_and_a_dead_server_are_told():
    """How many were taken is said; a port where nobody listens too."""
    with serving(mailbox()) as port:
        server = MailServer("127.0.0.1", port, "s@hub.example", "none")
        with pytest.raises(DeliveryFailed, match="1 of 2"):
            send_letters(server, [LETTER, Letter("nobody@north.example", "x", "y")])
    with pytest.raises(DeliveryFailed):
        send_letters(server, [LETTER])


def test_clear_text_stays_on_this_machine():
    """No security is for a server on this machine."""
    with pytest.raises(UsageError):
        MailServer("mail.example.org", 25, "s@hub.example", "none")
    with pytest.raises(UsageError):
        MailServer("mail.example.org", 25, "s@hub.example", "maybe")


@pytest.mark.parametrize(
    ("to", "subject"),
    [("a@b.example\r\nBcc: c@d.example", "x"), ("a@b.example, c@d.example", "x"), ("nobody", "x"), ("", "x"),
     ("a@b.example", "x\nBcc: c@d.example")],
)  # fmt: skip
def test_nobody_adds_a_header_or_a_reader(to, subject):
    """One address, one line."""
    with pytest.raises(UsageError):
        as_message(Letter(to, subject, "text"), "s@hub.example")


# ── webhooks ─────────────────────────────────────────────────────────────────────────────────────────────────────────
class Hook(http.server.BaseHTTPRequestHandler):
    """Takes a delivery, or redirects it."""

    def do_POST(self):
        """Keep the delivery."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append((dict(self.headers), body))
        self.send_response(302 if self.path == "/away" else 204)
        self.send_header("Location", "https://elsewhere.example/")
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def hook(certificate):
    """An HTTPS server on this machine: its port and what it got."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hook)
    server.got = []
    server.handle_error = lambda *_: None
    server.socket = context_of(certificate).wrap_socket(server.socket, server_side=True)
    with serving(server) as port:
        yield port, server.got


def test_a_webhook_arrives_signed_and_is_believed_once_checked(hook, certificate):
    """The receiver's check holds, and not for another key, another body, or five minutes later."""
    port, got = hook
    hosts = frozenset({f"localhost:{port}"})
    name = send_webhook(
        Webhook(f"https://localhost:{port}/hook?x=1", "north"),
        hosts,
        {"needs": []},
        KEY,
        ca_file=str(certificate / "cert.pem"),
    )
    ((headers, body),) = got
    assert json.loads(body)["data"] == {"needs": []}
    assert verify_webhook(headers, body, KEY.public, time.time()) == name
    for wrong in (
        (headers, body + b" ", KEY.public, time.time()), (headers, body, PrivateKey.generate().public, time.time()),
        (headers, body, KEY.public, time.time() + 400), (headers, body, KEY.public, time.time() - 400),
        ({}, body, KEY.public, time.time()), ({**headers, "webhook-id": "msg_other"}, body, KEY.public, time.time()),
    ):  # fmt: skip
        with pytest.raises(SignatureInvalid):
            verify_webhook(*wrong)


@pytest.mark.parametrize(
    "url",
    ["http://localhost:{port}/", "https://localhost.example/", "https://other:{port}/", "https://localhost/",
     "https://localhost:{port}@evil.example/", "https://user:pw@localhost:{port}/", "file:///etc/passwd", "", "https://[",
     "https://localhost:{port}/\r\nX: y", "https://localhost:99999/", "https://127.0.0.1:{port}/"],
)  # fmt: skip
def test_nothing_goes_to_a_host_that_is_not_listed(hook, certificate, url):
    """Exactly the listed host and port, over https, without names in the address."""
    port, got = hook
    hosts = frozenset({f"localhost:{port}"})
    with pytest.raises(StrangerRefused):
        send_webhook(Webhook(url.format(port=port), "n"), hosts, {}, KEY, ca_file=str(certificate / "cert.pem"))
    assert got == []


def test_a_redirect_is_not_followed_and_an_untrusted_host_gets_nothing(hook, certificate):
    """Either is a failed delivery."""
    port, got = hook
    hosts = frozenset({f"localhost:{port}"})
    with pytest.raises(DeliveryFailed, match="302"):
        send_webhook(
            Webhook(f"https://localhost:{port}/away", "n"), hosts, {}, KEY, ca_file=str(certificate / "cert.pem")
        )
    with pytest.raises(DeliveryFailed):
        send_webhook(Webhook(f"https://localhost:{port}/", "n"), hosts, {}, KEY)
    assert len(got) == 1


@given(st.binary(max_size=200), st.integers(0, 2**33), st.text("abc", max_size=5))
def test_what_is_signed_is_what_is_verified(body, at, name):
    """Any body, any time, any identifier."""
    assert verify_webhook(signed_headers(body, KEY, at, name), body, KEY.public, at) == name


def test_settings_are_read_strictly(tmp_path):
    """A password from its own file; unknown fields, missing servers and broken files are told."""
    (tmp_path / "secret").write_text("hush\n")
    good = {
        "smtp": {"host": "mail.example.org", "port": 587, "sender": "s@example.org", "user": "u", "password_file": "secret"},
        "addresses": {"north": "a@b.example"}, "webhooks": [{"url": "https://x.example/", "name": "north"}],
        "allowed_hosts": ["X.example"],
    }  # fmt: skip
    path = tmp_path / "notices.json"
    path.write_text(json.dumps(good))
    found = NoticeSettings.load(path)
    assert (found.server.password, found.server.security, found.allowed_hosts) == ("hush", "starttls", {"x.example"})
    for change in ({"smtp": None}, {"extra": 1}, {"webhooks": [{}]}, {"smtp": {**good["smtp"], "tls": True}},
                   {"smtp": {**good["smtp"], "security": "none"}}, {"addresses": 3}):  # fmt: skip
        path.write_text(json.dumps({**good, **change}))
        with pytest.raises(UsageError):
            NoticeSettings.load(path)
    for text in ("", "[]", "{"):
        path.write_text(text)
        with pytest.raises(UsageError):
            NoticeSettings.load(path)
    with pytest.raises(UsageError):
        NoticeSettings.load(tmp_path / "absent.json")
