"""Who said what: Ed25519 keys (RFC 8032) and DSSE envelopes.

Promise: a `PrivateKey` never shows its secret in a repr or an error; `PublicKey.verify` answers with one exception and
nothing else; an `Envelope` binds the type of its payload into the signature, so a signature on a decision can never be
passed off as one on an agreement (DSSE v1, pre-authentication encoding). A key that was written under a passphrase opens
under it alone.

    >>> key = PrivateKey.generate()
    >>> sealed = seal("application/vnd.summand.note+json", {"hello": 1}, key)
    >>> open_sealed(sealed, "application/vnd.summand.note+json", [key.public])
    {'hello': 1}
"""

from summand.signing._dsse import Envelope, open_sealed, seal
from summand.signing._keys import PrivateKey, PublicKey
from summand.signing._passphrase import PASSPHRASE_FILE, ask_by, encryption, passphrase_for, passphrase_from_file

__all__ = [
    "PASSPHRASE_FILE", "Envelope", "PrivateKey", "PublicKey", "ask_by", "encryption", "open_sealed", "passphrase_for",
    "passphrase_from_file", "seal",
]  # fmt: skip
