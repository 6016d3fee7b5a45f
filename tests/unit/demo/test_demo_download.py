"""The download of the heart data against a local server that serves good, broken and tampered archives."""

import io
import socket
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from shared_files import shared_data
from summand.demo._download import download_heart
from summand.demo._heart import FILES, heart_case
from summand.errors import SiteUnreachable, SourceUnreadable


def archive(change=None, leave_out=None):
    """The zip file of dataset 45, perhaps with one file changed or left out."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr("heart-disease.names", "about")
        for name, _ in FILES.values():
            data = (shared_data("heart") / name).read_bytes()
            if name != leave_out:
                opened.writestr(name, data.replace(b"63", b"64", 1) if name == change else data)
    return out.getvalue()


@pytest.fixture
def serve():
    """Start a server on loopback that answers every GET with one body; counts the requests."""
    servers = []

    def start(body, announced=None, status=200):
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                start.requests += 1
                self.send_response(status)
                self.send_header("Content-Length", str(len(body) if announced is None else announced))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                """Keep the test's output clean."""

        server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/heart+disease.zip"

    start.requests = 0
    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def test_demo_download_fetches_checks_and_keeps(tmp_path, serve):
    """The good archive is fetched once, gives the published data, and the second call needs no network."""
    url = serve(archive())
    folder = download_heart(tmp_path, url)
    assert heart_case(folder).row_count == 920
    assert download_heart(tmp_path, url) == folder
    assert serve.requests == 1
    assert {path.name for path in folder.iterdir()} == {name for name, _ in FILES.values()}


def test_demo_download_replaces_a_damaged_cache(tmp_path, serve):
    """A file in the cache that no longer has its hash is fetched again."""
    url = serve(archive())
    folder = download_heart(tmp_path, url)
    (folder / "processed.va.data").write_bytes(b"noise")
    assert heart_case(download_heart(tmp_path, url)).row_count == 920
    assert serve.requests == 2


@pytest.mark.parametrize("name", [name for name, _ in FILES.values()])
def test_demo_download_refuses_a_tampered_file(tmp_path, serve, name):
    """One changed digit in any of the four files is found; nothing is kept."""
    with pytest.raises(SourceUnreadable, match="SHA-256 differs") as refused:
        download_heart(tmp_path, serve(archive(change=name)))
    assert "--data DIR" in refused.value.remedy
    assert not list(tmp_path.rglob("*.data"))


def test_demo_download_refuses_a_truncated_archive(tmp_path, serve):
    """An archive that ends early is refused, whether the server admits it or not."""
    whole = archive()
    for half in (serve(whole[: len(whole) // 2]), serve(whole[: len(whole) // 2], announced=len(whole))):
        with pytest.raises((SourceUnreadable, SiteUnreachable)):
            download_heart(tmp_path, half, timeout_seconds=2)
    assert not list(tmp_path.rglob("*.data"))


@pytest.mark.parametrize("body", [b"", b"<html>moved</html>", archive.__doc__.encode()])
def test_demo_download_refuses_what_is_no_archive(tmp_path, serve, body):
    """A page instead of the archive is refused with a named error."""
    with pytest.raises(SourceUnreadable, match="not the zip file"):
        download_heart(tmp_path, serve(body))


def test_demo_download_refuses_an_archive_without_a_hospital(tmp_path, serve):
    """An archive that lacks one of the files is refused."""
    with pytest.raises(SourceUnreadable):
        download_heart(tmp_path, serve(archive(leave_out="processed.va.data")))


def test_demo_download_offline_says_so_and_how_to_give_a_folder(tmp_path):
    """Without a network the message says that the archive cannot be reached, and the remedy names --data."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/heart+disease.zip"
        with pytest.raises(SiteUnreachable, match="cannot be reached") as refused:
            download_heart(tmp_path, url, timeout_seconds=2)
    assert "summand demo heart --data DIR" in refused.value.remedy


def test_demo_download_server_errors_are_ours(tmp_path, serve):
    """A 404 is a named error too."""
    with pytest.raises(SiteUnreachable, match="404"):
        download_heart(tmp_path, serve(b"gone", status=404))
