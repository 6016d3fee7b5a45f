"""Signatures: whose key, which content, what voids them, and when the agreement takes effect."""

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from summand.agreement import (
    PAYLOAD_TYPE,
    Agreement,
    SignedAgreement,
    amend,
    complete_example,
    load_signed,
    sign,
    verify_signatures,
    verify_succession,
)
from summand.encoding import canonical, parse, sha256_hex
from summand.errors import AgreementError, AgreementSyntaxError, SignatureInvalid, SummandError, UsageError
from summand.signing import Envelope, PrivateKey

NAMES = ("north", "south", "west")
KEYS = {name: PrivateKey.generate() for name in NAMES}
PARTIES = [{"id": name, "key": key.public.text} for name, key in KEYS.items()]
AGREEMENT = complete_example(PARTIES)


def signed_by(*names: str, agreement: Agreement = AGREEMENT) -> SignedAgreement:
    """The agreement with these parties' signatures."""
    envelope = Envelope(agreement.canonical(), PAYLOAD_TYPE, ())
    for name in names:
        envelope = sign(agreement, name, KEYS[name], envelope)
    return SignedAgreement(agreement, envelope)


FULL = signed_by(*NAMES)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths of all single values."""
    if isinstance(value, dict):
        return [leaf for key, item in value.items() for leaf in leaves(item, (*path, key))]
    if isinstance(value, list):
        return [leaf for index, item in enumerate(value) for leaf in leaves(item, (*path, index))]
    return [path]


def edited(value: Any, path: tuple[Any, ...]) -> Any:
    """The value with one of its parts changed in kind-preserving fashion."""
    out = copy.deepcopy(value)
    at = out
    for part in path[:-1]:
        at = at[part]
    old = at[path[-1]]
    if isinstance(old, bool):
        at[path[-1]] = not old
    elif isinstance(old, (int, float)):
        at[path[-1]] = old + 1
    else:
        at[path[-1]] = f"{old}x"
    return out


@given(path=st.sampled_from(leaves(AGREEMENT.content())))
def test_any_edit_after_signing_voids_the_signatures(path: tuple[Any, ...]) -> None:
    """Whatever term is edited, what comes out is refused, or is an agreement under which no signature holds."""
    content = edited(AGREEMENT.content(), path)
    forged = Envelope(canonical(content), PAYLOAD_TYPE, FULL.envelope.signatures)
    try:
        signed = SignedAgreement.from_envelope(forged)
    except AgreementError:
        return

    assert signed.agreement.hash != AGREEMENT.hash
    assert not signed.report.signed
    assert not signed.is_effective


def test_the_hash_is_that_of_the_payload() -> None:
    """The agreement's hash is SHA-256 of the very bytes that are signed."""
    assert AGREEMENT.hash == sha256_hex(FULL.envelope.payload)


def test_all_parties_sign_one_envelope(tmp_path: Path) -> None:
    """Three signatures on one payload survive a file and make the agreement fully signed."""
    file = tmp_path / "a.signed.json"
    file.write_bytes(FULL.to_bytes())

    back = load_signed(file)

    assert back.agreement == AGREEMENT
    assert back.is_fully_signed
    assert back.is_effective
    assert [row.standing for row in verify_signatures(back).parties] == ["valid"] * 3
    back.require_effective()


def test_counterparts_are_joined() -> None:
    """Signatures given on separate copies come together; copies of different content do not."""
    joined = signed_by("north").joined(signed_by("south")).joined(signed_by("west"))
    other = signed_by("north", agreement=amend(AGREEMENT, {"identity": {"title": "Another"}}))

    assert joined.is_fully_signed
    with pytest.raises(SignatureInvalid, match="different versions"):
        joined.joined(other)


def test_a_missing_signature_is_named() -> None:
    """Two of three signatures are not enough under rule all; the error names who is missing."""
    with pytest.raises(SignatureInvalid, match=r"west \(missing\)") as caught:
        signed_by("north", "south").require_effective()

    assert caught.value.clause == "O.effective_when"


def test_a_key_that_the_agreement_does_not_name_cannot_sign() -> None:
    """Signing for a party with another key is refused under clause B."""
    with pytest.raises(SignatureInvalid) as caught:
        sign(AGREEMENT, "north", KEYS["south"])

    assert caught.value.clause == "B.parties.key"
    with pytest.raises(UsageError):
        sign(AGREEMENT, "east", KEYS["north"])


def test_signing_an_edited_copy_is_refused() -> None:
    """Nobody's signature is carried over to a content that was edited after it."""
    new = amend(AGREEMENT, {"data": {"min_cell": 20}})

    with pytest.raises(SignatureInvalid, match="edited after others signed"):
        sign(new, "south", KEYS["south"], signed_by("north").envelope)


def test_a_strangers_signature_spoils_the_envelope() -> None:
    """A signature of a key that is no party's is reported, and the agreement does not take effect with it."""
    stranger = PrivateKey.generate()
    signed = SignedAgreement(AGREEMENT, FULL.envelope.signed_by(stranger))

    assert signed.report.strangers == (stranger.public.fingerprint,)
    assert not signed.is_fully_signed
    with pytest.raises(SignatureInvalid, match="stranger"):
        signed.require_effective()


@given(party=st.integers(0, 2), at=st.integers(0, 63), bit=st.integers(0, 7))
def test_a_flipped_bit_breaks_one_signature(party: int, at: int, bit: int) -> None:
    """Any flipped bit of a signature makes that party's signature invalid, and no other's."""
    pairs = list(FULL.envelope.signatures)
    name, signature = pairs[party]
    pairs[party] = (name, bytes(b ^ (1 << bit) if i == at else b for i, b in enumerate(signature)))

    report = SignedAgreement(AGREEMENT, dataclasses.replace(FULL.envelope, signatures=tuple(pairs))).report

    assert [row.standing for row in report.parties].count("invalid") == 1
    assert len(report.signed) == 2


@pytest.mark.parametrize(
    ("signers", "effective"),
    [((), False), (("south", "west"), False), (("north",), False), (("north", "west"), True), (NAMES, True)],
)
def test_k_of_n_needs_the_core(signers: tuple[str, ...], effective: bool) -> None:
    """Two of three with the core party among them put the agreement into effect; two without it do not."""
    rule = {"effective_when": {"rule": "k_of_n", "k": 2, "core": ["north"]}}
    agreement = complete_example(PARTIES, execution=rule)

    assert signed_by(*signers, agreement=agreement).is_effective is effective


FORGED: dict[str, Any] = {
    "no envelope": b"{}",
    "no JSON": b"PK\x03\x04",
    "another type": Envelope(AGREEMENT.canonical(), "application/vnd.summand.decision+json", ()),
    "a status inside": Envelope(canonical(AGREEMENT.to_dict()), PAYLOAD_TYPE, ()),
    "spaces in the payload": Envelope(AGREEMENT.canonical() + b" ", PAYLOAD_TYPE, ()),
    "a list": Envelope(b"[]", PAYLOAD_TYPE, ()),
    "an unknown clause": Envelope(canonical({**AGREEMENT.content(), "z": 1}), PAYLOAD_TYPE, ()),
}


@pytest.mark.parametrize("forged", FORGED.values(), ids=FORGED)
def test_what_is_no_signed_agreement_is_refused(forged: Any) -> None:
    """Files that are not the canonical content of an agreement in its own type are refused with our errors."""
    data = forged if isinstance(forged, bytes) else canonical(forged.to_dict())

    with pytest.raises((SignatureInvalid, AgreementSyntaxError)):
        load_signed(data)


@given(st.binary(max_size=80))
def test_noise_is_no_signed_agreement(data: bytes) -> None:
    """Arbitrary bytes give one of our errors."""
    with pytest.raises(SummandError):
        load_signed(data)


def test_amendment_chains_versions() -> None:
    """A new version names the hash of the old, keeps the identifier, and carries no signature."""
    second = amend(AGREEMENT, {"data": {"min_cell": 20}})
    third = amend(second, {"term": {"renewal": "explicit"}})

    assert (second.id, second.version, second.previous_version_hash) == (AGREEMENT.id, 2, AGREEMENT.hash)
    assert third.previous_version_hash == second.hash
    verify_succession(second, third)
    with pytest.raises(AgreementError, match="does not continue"):
        verify_succession(AGREEMENT, third)


def test_amendment_never_takes_a_prohibition_back() -> None:
    """A prohibition that the parties added once stays in every later version."""
    old = complete_example(PARTIES, purpose={"prohibited_purposes": [{"code": "model_resale", "text": "selling"}]})

    with pytest.raises(AgreementError) as caught:
        amend(old, {"purpose": {"prohibited_purposes": []}})

    assert caught.value.clause == "C.prohibited_purposes"


@pytest.mark.parametrize("changes", [{}, {"identity": {"version": 7}}, {"identity": {"id": "urn:uuid:0"}}])
def test_amendment_that_is_none_is_refused(changes: dict[str, Any]) -> None:
    """Changing nothing, or the chain itself, is refused."""
    with pytest.raises(UsageError):
        amend(AGREEMENT, changes)


def test_amendment_is_checked() -> None:
    """A version that loosens its profile never comes to be."""
    with pytest.raises(AgreementError):
        amend(AGREEMENT, {"data": {"min_sites": 1}})


def test_a_payload_reads_back_to_the_same_agreement() -> None:
    """Content to bytes to content: equal, with the same hash."""
    back = Agreement.from_dict(parse(AGREEMENT.canonical()))

    assert back == AGREEMENT
    assert back.hash == AGREEMENT.hash
