"""Keys under a passphrase: at rest they are ciphertext, and open with that passphrase alone."""

from __future__ import annotations

import pytest

from summand.cli import main
from summand.errors import KeyLocked, SignatureInvalid
from summand.signing import PASSPHRASE_FILE, PrivateKey, ask_by
from summand.transport import create_tls, server_context

SECRET = b"a long enough passphrase"


@pytest.fixture
def passphrase_file(tmp_path, monkeypatch):
    """A passphrase file that the environment names."""
    path = tmp_path / "passphrase"
    path.write_bytes(SECRET + b"\n")
    path.chmod(0o600)
    monkeypatch.setenv(PASSPHRASE_FILE, str(path))
    return path


def test_a_locked_key_is_the_same_key_once_opened(tmp_path, passphrase_file):
    """Written under the file's passphrase and read back: it signs as before, and the file shows nothing of it."""
    key, path = PrivateKey.generate(), tmp_path / "key.pem"
    key.save(path)
    plain = tmp_path / "plain.pem"
    passphrase_file.unlink()
    with pytest.raises(KeyLocked):
        PrivateKey.load(path)
    passphrase_file.write_bytes(SECRET)
    passphrase_file.chmod(0o600)
    opened = PrivateKey.load(path)

    assert opened.public == key.public
    key.public.verify(opened.sign(b"x"), b"x")
    assert b"ENCRYPTED" in path.read_bytes()
    assert path.stat().st_mode & 0o777 == 0o600
    assert not plain.exists()


@pytest.mark.parametrize("wrong", [b"another long passphrase", b"a long enough passphrasE"])
def test_another_passphrase_opens_nothing(tmp_path, passphrase_file, wrong):
    """And the error shows neither."""
    path = tmp_path / "key.pem"
    PrivateKey.generate().save(path)
    passphrase_file.write_bytes(wrong)
    with pytest.raises(KeyLocked) as caught:
        PrivateKey.load(path)
    assert wrong.decode() not in str(caught.value)
    assert SECRET.decode() not in str(caught.value)


def test_passphrases_that_others_can_read_or_that_are_short_are_refused(tmp_path, passphrase_file):
    """A file that is world-readable, one of eleven bytes, one that is not there."""
    key = PrivateKey.generate()
    passphrase_file.chmod(0o644)
    with pytest.raises(KeyLocked, match="others"):
        key.save(tmp_path / "a.pem")
    passphrase_file.chmod(0o600)
    passphrase_file.write_bytes(b"elevenbytes")
    with pytest.raises(KeyLocked, match="12"):
        key.save(tmp_path / "b.pem")
    passphrase_file.unlink()
    with pytest.raises(KeyLocked, match="cannot be read"):
        key.save(tmp_path / "c.pem")
    assert not list(tmp_path.glob("*.pem")), "nothing was written in clear instead"


def test_a_person_at_the_terminal_is_asked(tmp_path):
    """Without a file the one who sits there is asked, with the key's name; without anybody it stays locked."""
    path, asked = tmp_path / "key.pem", []
    key = PrivateKey.generate()
    key.save(path, SECRET)
    with pytest.raises(KeyLocked, match=PASSPHRASE_FILE):
        PrivateKey.load(path)
    ask_by(lambda what: asked.append(what) or SECRET.decode())
    try:
        assert PrivateKey.load(path).public == key.public
    finally:
        ask_by(None)
    assert asked == ["key.pem"]


def test_a_key_in_clear_opens_with_or_without_a_passphrase_file(tmp_path, monkeypatch, passphrase_file):
    """Files of before go on working; so does a file that holds no key at all, by its own error."""
    monkeypatch.delenv(PASSPHRASE_FILE)
    path = tmp_path / "key.pem"
    key = PrivateKey.generate()
    key.save(path)
    monkeypatch.setenv(PASSPHRASE_FILE, str(passphrase_file))
    assert PrivateKey.load(path).public == key.public
    path.write_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n")
    with pytest.raises((KeyLocked, SignatureInvalid)):
        PrivateKey.load(path)


def test_the_command_locks_a_key(tmp_path, monkeypatch, passphrase_file, capsys):
    """``summand key new`` under the file, ``key lock`` of a key in clear; ``key show`` opens both."""
    assert main(["key", "new", str(tmp_path / "new.pem")]) == 0
    monkeypatch.delenv(PASSPHRASE_FILE)
    assert main(["key", "new", str(tmp_path / "clear.pem")]) == 0
    monkeypatch.setenv(PASSPHRASE_FILE, str(passphrase_file))
    assert main(["key", "lock", str(tmp_path / "clear.pem"), "--out", str(tmp_path / "locked.pem")]) == 0
    capsys.readouterr()
    for name in ("clear.pem", "locked.pem"):
        assert main(["key", "show", str(tmp_path / name)]) == 0
    shown = capsys.readouterr().out.split()
    assert shown[:2] == shown[2:]
    assert b"ENCRYPTED" in (tmp_path / "new.pem").read_bytes()
    assert b"ENCRYPTED" in (tmp_path / "locked.pem").read_bytes()
    monkeypatch.delenv(PASSPHRASE_FILE)
    assert main(["key", "show", str(tmp_path / "locked.pem")]) == 2


def test_the_servers_key_is_locked_too(tmp_path, monkeypatch, passphrase_file):
    """TLS serves with the passphrase and does not start without it."""
    create_tls(tmp_path / "tls", ["localhost"], "hub.example")
    assert b"ENCRYPTED" in (tmp_path / "tls" / "server.key").read_bytes()
    server_context(tmp_path / "tls")
    monkeypatch.delenv(PASSPHRASE_FILE)
    with pytest.raises(KeyLocked):
        server_context(tmp_path / "tls")
