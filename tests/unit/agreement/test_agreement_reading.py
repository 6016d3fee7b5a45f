"""Files in: lines, refusals of what YAML and JSON allow and an agreement does not, and one hash for one content."""

from __future__ import annotations

import io
import json
import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from summand.agreement import Agreement, check, complete_example, load_agreement, read_source, to_plain_words
from summand.errors import AgreementError, AgreementSyntaxError, SummandError

EXAMPLE = complete_example()
TEXT = json.dumps(EXAMPLE.to_dict(), indent=1)


def as_yaml(value: Any) -> bytes:
    """The value as an independent YAML writer puts it."""
    out = io.StringIO()
    YAML(typ="safe", pure=True).dump(value, out)
    return out.getvalue().encode()


def shuffled(value: Any, order: Any) -> Any:
    """The value with the keys of every mapping in another order."""
    if isinstance(value, dict):
        keys = sorted(value)
        order.shuffle(keys)
        return {key: shuffled(value[key], order) for key in keys}
    return [shuffled(item, order) for item in value] if isinstance(value, list) else value


@given(order=st.randoms(use_true_random=False))
def test_hash_ignores_key_order(order: Any) -> None:
    """The same content in any key order has one hash."""
    value = shuffled(EXAMPLE.to_dict(), order)

    assert load_agreement(json.dumps(value).encode()).hash == EXAMPLE.hash


@pytest.mark.parametrize("seed", [1, 2])
def test_hash_ignores_the_format(seed: int) -> None:
    """The same content as YAML, written by another library in another key order, has the hash that it has as JSON."""
    value = shuffled(EXAMPLE.to_dict(), random.Random(seed))

    assert load_agreement(as_yaml(value)).hash == EXAMPLE.hash


def test_hash_leaves_status_and_signature_notes_out() -> None:
    """Status and notes of signatures change as an agreement lives; the hash of its terms does not."""
    value = EXAMPLE.to_dict()
    value["identity"]["status"] = "active"
    note = {"party": "north", "signatory": "A", "hash_signed": EXAMPLE.hash, "algorithm": "ed25519"}
    value["execution"]["signatures"] = [{**note, "time": "2026-01-01T00:00:00Z"}]

    assert Agreement.from_dict(value).hash == EXAMPLE.hash
    assert Agreement.from_dict(value) != EXAMPLE


def test_hash_writes_defaults_out() -> None:
    """A default that is left out and one that is written are the same content."""
    value = EXAMPLE.to_dict()
    del value["data"]["round_deadline_seconds"], value["privacy"], value["safety"]

    assert Agreement.from_dict(value).hash == EXAMPLE.hash
    assert Agreement.from_dict(value).data.round_deadline_seconds == 60


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**53), 2**53)
        | st.floats(allow_nan=False, allow_infinity=False)
        | st.text(st.characters(exclude_categories=["Cs"])),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4)
        ),
        max_leaves=12,
    )
)
def test_json_reader_agrees_with_the_standard_library(value: Any) -> None:
    """Our reader, which keeps lines, reads every JSON document as `json.loads` does."""
    text = json.dumps({"a": value}, indent=1)

    assert read_source(text.encode())[0] == json.loads(text)


@given(st.binary(max_size=60) | st.text(max_size=60).map(str.encode))
def test_noise_gives_our_error(data: bytes) -> None:
    """Arbitrary bytes give one of our errors, never a traceback of another kind."""
    try:
        load_agreement(data)
    except SummandError as error:
        assert error.code.startswith("agreement.")
    else:
        pytest.fail("noise became an agreement")


@given(at=st.integers(0, len(TEXT) - 1), byte=st.sampled_from('{}[]",:0a \n'))
def test_a_broken_file_gives_our_error_or_another_agreement(at: int, byte: str) -> None:
    """One character replaced: the file still reads, or the error is ours."""
    try:
        load_agreement((TEXT[:at] + byte + TEXT[at + 1 :]).encode())
    except SummandError as error:
        assert isinstance(error, AgreementError)


REFUSED = {
    "an alias": (b"a: &x [1]\nb: *x\n", 1, "Anchors"),
    "a bomb of aliases": (b"a: &a [x]\n" + b"".join(b"b%d: &b%d [*a,*a]\n" % (i, i) for i in range(50)), 1, "Anchors"),
    "a tag that runs code": (b"a: 1\nb: !!python/object/apply:os.system [id]\n", 2, "Tags"),
    "a tag of our own": (b"a: !secret x\n", 1, "Tags"),
    "a key twice in YAML": (b"a: 1\nb: 2\na: 3\n", 3, "twice"),
    "a key twice in JSON": (b'{"a": 1,\n"a": 2}', 2, "twice"),
    "a key twice, deep": (b'{"a": {"b": 1,\n\n"b": 2}}', 3, "twice"),
    "two documents": (b"a: 1\n---\nb: 2\n", 2, "more than one"),
    "a list": (b"- a\n", 1, "mapping of clauses"),
    "nothing": (b"", 1, "empty"),
    "a comment alone": (b"# later\n", 1, "empty"),
    "JSON that ends early": (b'{"a": [1, 2', 1, "expected"),
    "JSON with a comment": (b'{"a": 1} // x', 1, "more text"),
    "a number with a leading zero": (b'{"a": 01}', 1, "expected"),
    "nesting without end": (b'{"a": ' + b"[" * 100_000, 1, "deeper"),
    "nesting without end in YAML": (b"a: " + b"[" * 5_000, 1, "deeper"),
    "bytes that are no text": (b"\xff\xfe\x00", None, "UTF-8"),
    "more than two megabytes": (b"#" * 2_000_001, None, "2,000,000"),
}


@pytest.mark.parametrize(("data", "line", "says"), REFUSED.values(), ids=REFUSED)
def test_what_an_agreement_file_may_not_hold(data: bytes, line: int | None, says: str) -> None:
    """Each construct is refused with the line on which it stands."""
    with pytest.raises(AgreementSyntaxError) as caught:
        load_agreement(data)

    assert says in str(caught.value)
    assert caught.value.line == line


def test_yaml_scalars_follow_the_core_schema() -> None:
    """The country code NO stays a text, and dates stay as they are written."""
    value, _ = read_source(b"a: NO\nb: 2026-01-01\nc: 0x1F\nd: 12\ne: 1.5\nf: null\ng: 'true'\nh: true\n")

    expected = {"a": "NO", "b": "2026-01-01", "c": "0x1F", "d": 12, "e": 1.5, "f": None, "g": "true", "h": True}
    assert value == expected


def test_findings_carry_pointer_and_line() -> None:
    """An unknown field is found at its line in YAML and in JSON, with the field that was probably meant."""
    value = EXAMPLE.to_dict()
    value["ip"]["foregroundrule"] = value["ip"].pop("foreground_rule")
    for data in (json.dumps(value, indent=1).encode(), as_yaml(value)):
        unknown = next(item for item in check_bytes(data) if item.code == "agreement.syntax")
        rows = data.decode().splitlines()

        assert unknown.pointer == "/ip/foregroundrule"
        assert unknown.line is not None
        assert "foregroundrule" in rows[unknown.line - 1]
        assert "Did you mean foreground_rule?" in unknown.remedy


def check_bytes(data: bytes) -> tuple[Any, ...]:
    """What check finds in a file's bytes."""
    return check(data)


def test_a_missing_clause_points_to_the_clause_around_it() -> None:
    """A field that is not there has the line of the nearest part that is."""
    value = EXAMPLE.to_dict()
    del value["ip"]["foreground_rule"]
    data = json.dumps(value, indent=1).encode()

    (missing,) = [item for item in check(data) if item.fails]

    assert missing.line is not None
    assert '"ip"' in data.decode().splitlines()[missing.line - 1]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A path that cannot be read gives our error with the file's name."""
    for name in ("nowhere.yaml", "a\0b"):
        with pytest.raises(AgreementSyntaxError, match="cannot be read"):
            load_agreement(tmp_path / name)
    with pytest.raises(AgreementSyntaxError, match="cannot be read"):
        load_agreement(tmp_path)


@pytest.mark.parametrize("value", [None, 3, "x", [], [1], {1: 2}, {"identity": {1: 2}}, {"format": {1, 2}}], ids=str)
def test_values_that_are_no_document(value: Any) -> None:
    """Whatever a caller hands over, the error is ours."""
    with pytest.raises(AgreementError):
        Agreement.from_dict(value)


@pytest.mark.parametrize("letter", ["\x1b[2K", "\r", "\u202e", "\x00"], ids=ascii)
def test_text_that_hides_what_is_signed(letter: str) -> None:
    """Terminal escapes and direction overrides are refused, so that what people read is what they sign."""
    value = EXAMPLE.to_dict()
    value["confidentiality"]["liability_cap"] = f"none {letter}"

    (found,) = [item for item in check(value) if item.fails]

    assert (found.code, found.clause) == ("agreement.syntax", "M.liability_cap")
    assert letter not in found.message
    assert letter not in to_plain_words(value)


def test_an_agreement_is_never_changed() -> None:
    """Fields are frozen, and a dictionary handed out is a copy."""
    with pytest.raises(ValueError, match="frozen"):
        EXAMPLE.identity.title = "Another"  # type: ignore[misc]
    EXAMPLE.dictionary_of("north")["fields"].clear()

    assert EXAMPLE.dictionary_of("north")["fields"]
