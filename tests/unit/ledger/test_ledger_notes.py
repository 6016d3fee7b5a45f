"""Signed notes, verifier keys and checkpoints are read in one form only."""

from __future__ import annotations

import base64

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from summand.errors import CheckpointInvalid, PeerProtocolError, SummandError
from summand.ledger import (
    EMPTY_ROOT,
    Checkpoint,
    Note,
    SignatureLine,
    VerifierKey,
    attach,
    cosign,
    cosignature_times,
    leaf_hash,
    open_checkpoint,
    sign_checkpoint,
)
from summand.signing import PrivateKey

LOG_KEY, WITNESS_KEY, OTHER_KEY = PrivateKey.generate(), PrivateKey.generate(), PrivateKey.generate()
ORIGIN = "hub.example/ledger"
LOG = VerifierKey.of_log(ORIGIN, LOG_KEY.public)
WITNESS = VerifierKey.of_witness("site-a.example", WITNESS_KEY.public)
CHECKPOINT = Checkpoint(ORIGIN, 7, leaf_hash(b"x"))
NOTE = sign_checkpoint(CHECKPOINT, ORIGIN, LOG_KEY)
COSIGNED = attach(NOTE, [cosign(NOTE, "site-a.example", WITNESS_KEY, 1_700_000_000)])


def test_a_signed_checkpoint_opens() -> None:
    """What the log signs is what its reader gets, cosigned or not."""
    assert open_checkpoint(NOTE, [LOG]) == open_checkpoint(COSIGNED, [LOG, WITNESS]) == CHECKPOINT
    assert CHECKPOINT.to_text() + "\n" + NOTE.split("\n\n")[1] == NOTE


def test_a_cosignature_states_its_time() -> None:
    """The time of each known witness is read from its cosignature; unknown witnesses are passed over."""
    assert cosignature_times(COSIGNED, [LOG, WITNESS]) == {"site-a.example": 1_700_000_000}
    assert cosignature_times(COSIGNED, [LOG]) == {}


def test_cosignatures_alone_are_no_checkpoint() -> None:
    """A note that witnesses signed and the log did not is refused."""
    alone = Note.from_text(COSIGNED)
    with pytest.raises(CheckpointInvalid, match="the log did not"):
        open_checkpoint(Note(alone.body, alone.signatures[1:]).text, [LOG, WITNESS])


def test_a_bad_signature_of_a_known_key_condemns_the_note() -> None:
    """A known witness's wrong cosignature makes the note invalid though the log's signature is right."""
    lines = Note.from_text(COSIGNED).signatures
    wrong = SignatureLine(lines[1].name, lines[1].key_id, lines[1].signature[:-1] + bytes([lines[1].signature[-1] ^ 1]))
    bad = Note(CHECKPOINT.to_text(), (lines[0], wrong)).text
    assert open_checkpoint(bad, [LOG]) == CHECKPOINT
    with pytest.raises(CheckpointInvalid, match="does not verify"):
        open_checkpoint(bad, [LOG, WITNESS])


@pytest.mark.parametrize("length", [0, 1, 7, 8, 63, 64, 71, 73])
def test_a_cosignature_of_the_wrong_length_is_refused(length: int) -> None:
    """A signature that is too short or too long is invalid, not a crash."""
    line = SignatureLine(WITNESS.name, WITNESS.key_id, bytes(max(length, 1)))
    with pytest.raises(CheckpointInvalid):
        open_checkpoint(attach(NOTE, [line.text]), [LOG, WITNESS])


def test_no_known_key_is_refused() -> None:
    """A note by a stranger, even one of the same name, is refused."""
    with pytest.raises(CheckpointInvalid, match="No key"):
        open_checkpoint(NOTE, [VerifierKey.of_log(ORIGIN, OTHER_KEY.public)])
    with pytest.raises(CheckpointInvalid, match="No key"):
        open_checkpoint(NOTE, [VerifierKey.of_log("another.example", LOG_KEY.public)])


def test_a_log_signature_is_not_a_cosignature() -> None:
    """One key under both types: neither signature passes for the other."""
    both = VerifierKey.of_witness(ORIGIN, LOG_KEY.public)
    log_line = Note.from_text(NOTE).signatures[0]
    with pytest.raises(CheckpointInvalid):
        open_checkpoint(
            Note(CHECKPOINT.to_text(), (SignatureLine(ORIGIN, both.key_id, log_line.signature),)).text, [both]
        )


def test_the_c2sp_example_note_verifies() -> None:
    """The example note of c2sp.org/signed-note verifies under its published key."""
    text = (
        "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERY"
        "NZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    key = VerifierKey.from_text("example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k")
    assert Note.from_text(text).verified([key]) == {key: None}
    assert Note.from_text(text).text == text


def test_many_signatures_are_accepted() -> None:
    """Sixteen cosignatures and more beside the log's own are read and verified; thousands are refused."""
    keys = [PrivateKey.generate() for _ in range(20)]
    names = [f"witness-{number}.example" for number in range(20)]
    note = attach(NOTE, [cosign(NOTE, name, key, 5) for name, key in zip(names, keys, strict=True)])
    known = [VerifierKey.of_witness(name, key.public) for name, key in zip(names, keys, strict=True)]
    assert list(cosignature_times(note, [LOG, *known])) == names
    with pytest.raises(CheckpointInvalid, match="signatures"):
        open_checkpoint(NOTE + NOTE.split("\n\n")[1] * 5000, [LOG])


def test_ml_dsa_is_known_and_passed_over() -> None:
    """A line of type 0x06 neither helps nor hurts: the log's signature alone decides."""
    key = VerifierKey("site-b.example", 6, bytes(1312))
    assert VerifierKey.from_text(key.text) == key
    note = attach(NOTE, [SignatureLine(key.name, key.key_id, bytes(8 + 2420)).text])
    assert open_checkpoint(note, [LOG, key]) == CHECKPOINT
    alone = Note(CHECKPOINT.to_text(), Note.from_text(note).signatures[1:]).text
    with pytest.raises(CheckpointInvalid, match="No key"):
        open_checkpoint(alone, [LOG, key])


def test_attach_keeps_one_line_a_key() -> None:
    """Attaching a key's line twice leaves the first."""
    again = attach(COSIGNED, [cosign(NOTE, "site-a.example", WITNESS_KEY, 1_700_000_001)])
    assert again == COSIGNED


LINE = NOTE.split("\n\n")[1].rstrip("\n")
BODY = CHECKPOINT.to_text()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "\n\n",
        BODY,
        BODY + "\n",
        BODY + "\n" + LINE,
        BODY + "\n" + LINE + "\n\n",
        BODY + "\n" + LINE + "\n" + "x\n",
        BODY + "\n" + LINE.replace("— ", "- ") + "\n",
        BODY + "\n" + LINE.replace("— ", "—") + "\n",
        BODY + "\n" + LINE + " \n",
        BODY + "\n" + LINE.rstrip("=") + "\n",
        BODY + "\n" + LINE + "\r\n",
        BODY + "\n— " + ORIGIN + " AAAA\n",
        BODY + "\n— a+b " + LINE.split(" ")[2] + "\n",
        BODY + "\n— " + LINE.split(" ")[2] + "\n",
        BODY + "\n—  " + LINE.split(" ")[2] + "\n",
        BODY.replace("hub", "h\tub") + "\n" + LINE + "\n",
        BODY.replace("hub", "h\x00ub") + "\n" + LINE + "\n",
        BODY.replace("hub", "h\ud800ub") + "\n" + LINE + "\n",
        NOTE.replace("\n", "\r\n"),
        "x" * (1 << 21),
    ],
)
def test_a_malformed_note_is_refused(text: str) -> None:
    """Every departure from the one form of a signed note is a CheckpointInvalid."""
    with pytest.raises(CheckpointInvalid):
        open_checkpoint(text, [LOG])


ROOT = base64.b64encode(CHECKPOINT.root).decode()


@pytest.mark.parametrize(
    "body",
    [
        "",
        f"{ORIGIN}\n7\n{ROOT}",
        f"{ORIGIN}\n7\n",
        f"\n7\n{ROOT}\n",
        f"{ORIGIN}\n07\n{ROOT}\n",
        f"{ORIGIN}\n+7\n{ROOT}\n",
        f"{ORIGIN}\n-7\n{ROOT}\n",
        f"{ORIGIN}\n7_0\n{ROOT}\n",
        f"{ORIGIN}\n٧\n{ROOT}\n",
        f"{ORIGIN}\n 7\n{ROOT}\n",
        f"{ORIGIN}\n9223372036854775808\n{ROOT}\n",
        f"{ORIGIN}\n{'9' * 5000}\n{ROOT}\n",
        f"{ORIGIN}\n0\n{ROOT}\n",
        f"{ORIGIN}\n7\n{ROOT[:-1]}\n",
        f"{ORIGIN}\n7\n{ROOT[:-2]}B=\n",
        f"{ORIGIN}\n7\nAAAA\n",
        f"{ORIGIN}\n7\n{ROOT}\nextension\n",
        f"{ORIGIN}\n7\n{ROOT}\n\n",
        f"{ORIGIN}\r\n7\r\n{ROOT}\r\n",
    ],
)
def test_a_malformed_checkpoint_is_refused(body: str) -> None:
    """Every departure from the three lines of a checkpoint is a CheckpointInvalid."""
    with pytest.raises(CheckpointInvalid):
        Checkpoint.from_text(body)


@given(
    st.text(min_size=1, alphabet=st.characters(min_codepoint=32, exclude_categories=["Cs"])), st.integers(1, 2**63 - 1)
)
def test_checkpoint_text_round_trips(origin: str, size: int) -> None:
    """A checkpoint's text gives the checkpoint back."""
    checkpoint = Checkpoint(origin, size, leaf_hash(origin.encode()))
    assert Checkpoint.from_text(checkpoint.to_text()) == checkpoint


@given(st.text())
@example(NOTE[:-1])
def test_noise_never_gives_a_traceback(noise: str) -> None:
    """Whatever the text, the parsers answer with our errors."""
    for parse in (Note.from_text, Checkpoint.from_text, VerifierKey.from_text, SignatureLine.from_text):
        with pytest.raises(SummandError):
            parse(noise)


@given(st.integers(0, len(COSIGNED) - 1), st.characters(exclude_categories=["Cs"]))
def test_any_other_character_in_a_note_is_noticed(position: int, character: str) -> None:
    """Replacing one character makes the note invalid, or an unknown signer's who no longer counts as witness."""
    changed = COSIGNED[:position] + character + COSIGNED[position + 1 :]
    if changed == COSIGNED:
        return
    try:
        times = cosignature_times(changed, [LOG, WITNESS])
    except CheckpointInvalid:
        return
    assert times == {}


@pytest.mark.parametrize("root", [b"", bytes(31), bytes(33)])
def test_a_root_has_32_bytes(root: bytes) -> None:
    """A checkpoint is never made with a root that is no SHA-256 hash."""
    with pytest.raises(CheckpointInvalid):
        Checkpoint(ORIGIN, 1, root)


def test_the_empty_tree_has_one_checkpoint() -> None:
    """Size 0 goes with the empty root and nothing else."""
    assert Checkpoint.from_text(Checkpoint(ORIGIN, 0, EMPTY_ROOT).to_text()).size == 0
    with pytest.raises(CheckpointInvalid):
        Checkpoint(ORIGIN, 0, bytes(32))


def test_verifier_keys_round_trip() -> None:
    """A vkey's text gives the key back."""
    assert VerifierKey.from_text(LOG.text) == LOG
    assert VerifierKey.from_text(WITNESS.text) == WITNESS


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text[:-1],
        lambda text: text.replace("+", " ", 1),
        lambda text: text.replace(text.split("+")[1], "00000000"),
        lambda text: text.replace(text.split("+")[1], text.split("+")[1].upper() + "A"),
        lambda text: " " + text,
        lambda text: text + "\n",
        lambda text: text.split("+", 1)[1],
        lambda text: text.split("+")[0] + "+" + text.split("+")[1] + "+",
        lambda text: text.split("+")[0] + "+" + text.split("+")[1] + "+AQ==",
    ],
)
def test_a_malformed_verifier_key_is_refused(change) -> None:
    """A vkey with another name, hash, type or length is refused."""
    with pytest.raises(PeerProtocolError):
        VerifierKey.from_text(change(LOG.text))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\u2003b"])
def test_a_name_that_would_break_a_line_is_refused(name: str) -> None:
    """Names with spaces, pluses or control characters never sign."""
    with pytest.raises(CheckpointInvalid):
        sign_checkpoint(CHECKPOINT, name, LOG_KEY)
    with pytest.raises(CheckpointInvalid):
        cosign(NOTE, name, WITNESS_KEY)
