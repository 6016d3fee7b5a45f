"""C2SP signed notes: text with signature lines, read strictly and in one form only."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

from summand.encoding import from_base64, to_base64
from summand.errors import CheckpointInvalid, PeerProtocolError, SignatureInvalid
from summand.ledger._verifier_key import COSIGNATURE_V1, ML_DSA_44, VerifierKey, is_clean, is_key_name
from summand.signing import PrivateKey, PublicKey

_DASH = "— "

SIGNATURES_MAX = 4096
"""More lines than this are refused unread; the specification asks for at least 16, a federation may have 1,000 sites."""
NOTE_CHARACTERS_MAX = 1 << 20


@dataclass(frozen=True)
class SignatureLine:
    """One signature of a note: the signer's name, its key's four bytes and the signature."""

    name: str
    key_id: bytes
    signature: bytes

    @classmethod
    def from_text(cls, line: str) -> SignatureLine:
        """The signature behind a line, without its newline.

        Raises:
            CheckpointInvalid: if the line is malformed.
        """
        name, space, encoded = line.removeprefix(_DASH).partition(" ")
        if not (line.startswith(_DASH) and space and is_key_name(name)):
            _malformed("a signature line is not '— name base64'")
        try:
            data = from_base64(encoded, "signature")
        except PeerProtocolError:
            _malformed("a signature is not canonical base64")
        if len(data) < 5:
            _malformed("a signature has no bytes after its key's identifier")
        return cls(name, data[:4], data[4:])

    @property
    def text(self) -> str:
        """The line, without its newline."""
        return f"{_DASH}{self.name} {to_base64(self.key_id + self.signature)}"


@dataclass(frozen=True)
class Note:
    """A text ending in a newline, and its signatures."""

    body: str
    signatures: tuple[SignatureLine, ...]

    @classmethod
    def from_text(cls, text: str) -> Note:
        """The note behind its text. Nothing is verified: use `verified`.

        Raises:
            CheckpointInvalid: if the text is not a signed note in its one form (c2sp.org/signed-note, "Format").
        """
        if len(text) > NOTE_CHARACTERS_MAX:
            _malformed(f"it has more than {NOTE_CHARACTERS_MAX} characters")
        if not is_clean(text.replace("\n", "")):
            _malformed("it holds a control character or is not Unicode")
        body, blank, lines = text.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            _malformed("it is not a text, a blank line and signature lines")
        signatures = lines[:-1].split("\n")
        if len(signatures) > SIGNATURES_MAX:
            _malformed(f"it has more than {SIGNATURES_MAX} signatures")
        return cls(body + "\n", tuple(SignatureLine.from_text(line) for line in signatures))

    @property
    def text(self) -> str:
        """The note as it travels."""
        return f"{self.body}\n" + "".join(f"{line.text}\n" for line in self.signatures)

    def with_signatures(self, lines: Iterable[SignatureLine]) -> Note:
        """This note with the lines added that it does not have from the same key."""
        known = {(line.name, line.key_id): line for line in self.signatures}
        for line in lines:
            known.setdefault((line.name, line.key_id), line)
        return Note(self.body, tuple(known.values()))

    def verified(self, keys: Sequence[VerifierKey]) -> dict[VerifierKey, int | None]:
        """The keys whose signatures verify, each with the time (POSIX seconds) that it states, None for a log's key.

        Raises:
            CheckpointInvalid: if a known key's signature fails or no known key signed; signatures of unknown keys and
                of type 0x06 are passed over.

        Source: c2sp.org/signed-note, "Signatures".
        """
        # (1) A key is known by its name and its identifier together.
        known = {(key.name, key.key_id): key for key in keys}
        times: dict[VerifierKey, int | None] = {}
        for line in self.signatures:
            key = known.get((line.name, line.key_id))
            # (2) Unknown keys are passed over, and so are the types that this version does not verify.
            if key is None or key.signature_type == ML_DSA_44:
                continue
            # (3) A known key's bad signature condemns the whole note.
            times[key] = _verify_line(self.body, line, key)
        # (4) Somebody known must have signed.
        if not times:
            raise CheckpointInvalid(
                f"No key that is trusted here signed it; it carries {len(self.signatures)} other signature(s).",
                remedy="Compare the federation's fingerprint with the one the partners gave you.",
            )
        return times


def sign_line(body: str, name: str, key: PrivateKey) -> SignatureLine:
    """The Ed25519 signature (type 0x01) of a log on a note's body."""
    return SignatureLine(name, VerifierKey.of_log(name, key.public).key_id, key.sign(body.encode()))


def cosign_line(body: str, name: str, key: PrivateKey, time_seconds: int) -> SignatureLine:
    """The cosignature (type 0x04, c2sp.org/tlog-cosignature) of a witness on a checkpoint's body at a POSIX time."""
    signature = time_seconds.to_bytes(8, "big") + key.sign(_cosigned(body, time_seconds))
    return SignatureLine(name, VerifierKey.of_witness(name, key.public).key_id, signature)


def _verify_line(body: str, line: SignatureLine, key: VerifierKey) -> int | None:
    time_seconds, message, signature = None, body.encode(), line.signature
    if key.signature_type == COSIGNATURE_V1:
        time_seconds, signature = int.from_bytes(signature[:8], "big"), signature[8:]
        message = _cosigned(body, time_seconds)
    try:
        if len(signature) != 64 or (time_seconds or 0) >= 1 << 63:
            raise SignatureInvalid("The signature has the wrong form.", remedy="Ask for it again.")
        PublicKey(key.key).verify(signature, message)
    except SignatureInvalid:
        raise CheckpointInvalid(
            f"The signature of {key.name} on it does not verify: the text or the signature was changed.",
            remedy="Fetch it again; if it stays so, keep it as evidence and tell the partners.",
        ) from None
    return time_seconds


def _cosigned(body: str, time_seconds: int) -> bytes:
    return f"cosignature/v1\ntime {time_seconds}\n{body}".encode()


def _malformed(reason: str) -> NoReturn:
    raise CheckpointInvalid(f"This is not a signed note: {reason}.", remedy="Fetch it again from the log or a partner.")
