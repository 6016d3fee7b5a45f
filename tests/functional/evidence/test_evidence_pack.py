"""An evidence pack of a whole partnership: what is in it, what never is, and that it verifies with plain Python."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from evidence_world import INVENTION_WORD, OTHER_WORD, THREAD_WORD, EvidenceWorld, evidence_world
from summand.agreement import amend, load_signed
from summand.directory import data_assets_from_json_ld
from summand.encoding import dump, from_base64, sha256_hex, to_base64
from summand.errors import UsageError, VerificationError
from summand.evidence import LedgerCopy, build_pack, read_pack, verify_pack
from summand.federation import Federation
from summand.hub import _store as rows
from summand.ledger import Checkpoint, sign_checkpoint
from summand.signing import PrivateKey
from summand.study.messages import open_body
from summand.testing.federations import ANALYST, Partnership, sign_by_all


@pytest.fixture(scope="module")
def totals() -> list[bytes]:
    """Every total that the hub opened, of released studies and of those that failed; filled while `world` is made."""
    return []


@pytest.fixture(scope="module")
def world(totals: list[bytes]) -> EvidenceWorld:
    """Studies of every outcome, votes, minutes, a goal, money, an invention, a thread, another partnership."""

    def spy(state: Any, total: bytes) -> tuple[bytes, int]:
        totals.append(total)
        return open_body(state, total)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("summand.hub._rounds.open_body", spy)
        patch.setattr("summand.hub._sums.open_body", spy)
        return evidence_world()


@pytest.fixture(scope="module")
def pack(world: EvidenceWorld) -> bytes:
    """Its pack."""
    return world.pack()


@pytest.fixture(scope="module")
def files(pack: bytes) -> dict[str, bytes]:
    """The pack's files."""
    return read_pack(pack)


def value(files: dict[str, bytes], path: str) -> Any:
    """A JSON file."""
    return json.loads(files[path])


# ── that it verifies ─────────────────────────────────────────────────────────────────────────────────────────────────
def run_script(folder: Path, *words: object) -> subprocess.CompletedProcess[str]:
    """The pack's own script in an isolated Python without packages, from a folder elsewhere."""
    script = [sys.executable, "-I", "-S", str(folder / "verify.py"), *map(str, words)]
    return subprocess.run(script, capture_output=True, text=True, cwd="/", env={}, timeout=120, check=False)


def unpack(files: dict[str, bytes], folder: Path) -> Path:
    """The files in a folder."""
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def test_it_verifies_where_summand_is_not_installed(files: dict[str, bytes], pack: bytes, tmp_path: Path) -> None:
    """Unpacked and as a zip, by the script inside, without site-packages; not once a byte is changed."""
    folder = unpack(files, tmp_path / "unpacked")
    (tmp_path / "pack.zip").write_bytes(pack)
    gone = subprocess.run(
        [sys.executable, "-I", "-S", "-c", "import summand"], capture_output=True, cwd="/", env={}, check=False
    )
    assert gone.returncode != 0, "this Python knows Summand, so the test would prove nothing"

    for words in ((), (tmp_path / "pack.zip",)):
        done = run_script(folder, *words)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.endswith("VERIFIED\n")
    assert [path for path in folder.rglob("*") if path.is_file()] == [
        folder / p.relative_to(folder) for p in folder.rglob("*") if p.is_file()
    ]

    (folder / "README.txt").write_bytes(files["README.txt"][:-1] + b"!")
    done = run_script(folder)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "NOT VERIFIED: manifest-sha256.txt does not have the hashes of the files: README.txt.\n"


def test_what_was_proved(world: EvidenceWorld, pack: bytes) -> None:
    """Every study with its outcome, every organisation's key, and far more signatures than studies."""
    report = verify_pack(pack)
    outcomes = {name: report.studies[study] for name, study in world.studies.items()}
    assert outcomes == {
        "line": "released", "again": "answered", "across": "released", "arms": "released", "forbidden": "refused",
        "no event": "failed", "too few": "refused",
    }  # fmt: skip
    parties = {f"party {p.id}": p for p in world.partnership.agreement.parties}
    assert set(report.fingerprints) == {*parties, f"ledger {world.network.origin}"}
    whats = {line["what"].split(" ")[0] for line in report.signatures}
    assert whats >= {
        "agreement",
        "checkpoint",
        "certificate",
        "request",
        "permit",
        "refuse",
        "cohort",
        "result",
        "governance.act",
        "goal.measured",
    }


def test_the_same_inputs_give_the_same_bytes(world: EvidenceWorld, pack: bytes) -> None:
    """Built again, from another partner's replica, with results in another order."""
    assert world.pack(results=world.results[::-1]) == pack
    agent = world.network.agents["york"]
    world.network._synchronise(agent)
    copy = LedgerCopy(world.network.origin, agent.hub_key, agent.replica.checkpoint_text, list(agent.replica.entries()))
    assert build_pack([world.partnership.signed], copy, world.results, pdfs=False) == pack


def test_a_later_clock_is_asked_for_by_name(world: EvidenceWorld, pack: bytes) -> None:
    """Registers and deadlines follow the clock given; one without a zone is refused."""
    from datetime import datetime

    later = datetime.fromisoformat("2099-01-01T00:00:00+00:00")
    found = value(read_pack(world.pack(as_of=later)), "governance/governance.json")
    assert {one["status"] for one in found["permits"]} == {"lapsed"}
    with pytest.raises(UsageError, match="zone"):
        world.pack(as_of=later.replace(tzinfo=None))


# ── what is in it ────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_result_is_there_byte_for_byte(world: EvidenceWorld, files: dict[str, bytes]) -> None:
    """The file's SHA-256 is the very hash that the ledger holds."""
    for name in ("line", "across", "arms"):
        study = world.studies[name]
        data = files[f"studies/{study}/result.json"]
        assert json.loads(data) == json.loads(dump(world.shown[name]["result"]))
        released = [
            e for _, e in world.desk("north").entries() if e["type"] == "study.released" and e["study"] == study
        ]
        assert released[0]["result_sha256"] == sha256_hex(data)


def test_heterogeneity_and_subgroups_are_told(world: EvidenceWorld, files: dict[str, bytes]) -> None:
    """Where a study has them, and as the result has them."""
    by_title = {one["title"]: one for one in value(files, "studies/overview.json")}
    across = by_title["across"]["heterogeneity"]
    assert across["i_squared"] == world.shown["across"]["result"]["i_squared"]
    assert {"tau2", "q", "q_p_value", "prediction_low"} <= set(across)
    assert [g["group"] for g in by_title["arms"]["subgroups"]["groups"]] == ["arm = a", "arm = b"]
    assert by_title["line"]["heterogeneity"] is None


def test_decisions_and_refusals_are_told(world: EvidenceWorld, files: dict[str, bytes]) -> None:
    """Every site's word, with clause and reason, and why what failed had no result."""
    by_title = {one["title"]: one for one in value(files, "decisions.json")}
    forbidden = by_title["forbidden"]["sites"]
    assert len(forbidden) == len(world.partnership.tables)
    assert all(
        site["decision"] == "refuse" and site["reasons"][0]["clause"] == "C.prohibited_purposes" for site in forbidden
    )
    assert "Fewer than 10 people" in by_title["no event"]["ended"]
    assert [m["id"] for m in value(files, "governance/governance.json")["minutes"]] == ["min-1"]


def test_protocols_name_the_code(files: dict[str, bytes], world: EvidenceWorld) -> None:
    """Formula, limits, sites, and the hash of the method's source."""
    protocol = value(files, f"studies/{world.studies['line']}/protocol.json")
    assert protocol["method"]["formula"] == "y ~ x"
    assert protocol["plan"]["limits"]["minimum_cell"] == 10
    assert [one["party"] for one in protocol["plan"]["sites"]] == sorted(world.partnership.tables)
    module = protocol["code"]["module"].replace(".", "/") + ".py"
    source = Path(__file__).resolve().parents[3] / "src" / module
    assert protocol["code"]["module_sha256"] == sha256_hex(source.read_bytes())


def test_money_and_goals_come_from_the_ledger(files: dict[str, bytes], world: EvidenceWorld) -> None:
    """The delivery and the goal's value that were stated, each at its leaf."""
    statement = value(files, "money/statement.json")
    assert statement["total_cents"] == 500_000
    assert sum(one["balance_cents"] for one in statement["parties"]) == 0
    (goal,) = value(files, "outcomes/goals.json")
    assert [(p["value"], p["study"]) for p in goal["points"]] == [(0.5, world.studies["line"])]


def test_data_are_described_in_healthdcat(files: dict[str, bytes], world: EvidenceWorld) -> None:
    """The catalogue reads back as the directory's own, without a word on rows; dictionaries are as agreed."""
    for party in world.partnership.tables:
        (asset,) = data_assets_from_json_ld(value(files, f"data/{party}.jsonld"))
        assert asset.id == f"data-{party}"
        assert asset.legal_basis
        assert asset.records is None
    assert value(files, "data/dictionaries/cohort.json") == world.partnership.agreement.data.dictionaries["cohort"]


def test_the_agreement_is_as_it_was_signed(files: dict[str, bytes], world: EvidenceWorld) -> None:
    """The envelope of the parties, and what the use rests on."""
    assert load_signed(files["agreement/version-1.signed.json"]).is_fully_signed
    basis = value(files, "agreement/legal-basis.json")
    assert set(basis["purposes_prohibited"]) == world.partnership.agreement.prohibited_codes


def test_it_is_an_ro_crate(files: dict[str, bytes]) -> None:
    """RO-Crate 1.2: a descriptor, a root with name, description, date and licence, and every file with size and hash."""
    crate = value(files, "ro-crate-metadata.json")
    assert crate["@context"][0] == "https://w3id.org/ro/crate/1.2/context"
    by_id = {one["@id"]: one for one in crate["@graph"]}
    assert len(by_id) == len(crate["@graph"])
    descriptor, root = by_id["ro-crate-metadata.json"], by_id["./"]
    assert descriptor["conformsTo"] == {"@id": "https://w3id.org/ro/crate/1.2"}
    assert descriptor["about"] == {"@id": "./"}
    assert {"name", "description", "datePublished", "license"} <= set(root)
    listed = {one["@id"] for one in root["hasPart"]}
    assert listed == set(files) - {"ro-crate-metadata.json", "manifest-sha256.txt"}
    for name in listed:
        assert (by_id[name]["sha256"], by_id[name]["contentSize"]) == (sha256_hex(files[name]), str(len(files[name])))
    references = [
        r["@id"]
        for one in crate["@graph"]
        for v in one.values()
        for r in (v if isinstance(v, list) else [v])
        if isinstance(r, dict)
    ]
    assert {r for r in references if not r.startswith("http")} <= set(by_id)


def test_only_the_studies_asked_for(world: EvidenceWorld) -> None:
    """The others' entries, titles and results are left out, and it says how many; the earlier study that answers stays."""
    only = read_pack(world.pack(studies=[world.studies["arms"]], results=[world.shown["arms"]]))
    index = value(only, "pack.json")
    assert [one["title"] for one in index["studies"]] == ["arms"]
    assert index["entries_left_out"] > 10
    for name in ("forbidden", "no event"):
        assert not [path for path, data in only.items() if world.studies[name].encode() in data]
    again = value(read_pack(world.pack(studies=[world.studies["again"]], results=[])), "pack.json")
    assert {one["title"]: one["outcome"] for one in again["studies"]} == {"again": "answered", "line": "released"}
    with pytest.raises(UsageError, match="no request"):
        world.pack(studies=["0" * 32])


def test_internal_acts_only_on_request(world: EvidenceWorld, files: dict[str, bytes]) -> None:
    """Threads and inventions stay with the partners unless they hand them over."""
    everything = read_pack(world.pack(internal=True))
    assert "money/inventions.json" in everything
    for word in (THREAD_WORD, INVENTION_WORD):
        assert not holding(files, word)
        assert holding(everything, word)


def test_an_amended_agreement_comes_with_every_version(world: EvidenceWorld) -> None:
    """Versions are chained; one that does not follow, and one that the ledger does not know, make no pack."""
    made = world.partnership
    second = sign_by_all(amend(made.agreement, {"purpose": {"out_of_scope": ["devices"]}}), made.party_keys)
    with pytest.raises(VerificationError, match="not in the ledger"):
        build_pack([made.signed, second], world.ledger, world.results, pdfs=False)
    world.network.convener.put_agreement(second.envelope.to_dict())
    data = build_pack([made.signed, second], world.ledger, world.results, pdfs=False)
    assert "agreement/version-2.signed.json" in read_pack(data)
    assert "version 2, is signed by" in " ".join(verify_pack(data).facts)
    with pytest.raises(UsageError, match="does not follow"):
        build_pack([second, made.signed], world.ledger, pdfs=False)


# ── what is never in it ──────────────────────────────────────────────────────────────────────────────────────────────
def holding(files: dict[str, bytes], text: str | bytes) -> list[str]:
    """The files that hold some bytes: as they are, in hexadecimal, or in base64 at any offset."""
    data = text if isinstance(text, bytes) else text.encode()
    middles = [to_base64(b"x" * pad + data)[4 if pad else 0 : -4].encode() for pad in range(3)]
    forms = [data, data.hex().encode(), *(one for one in middles if len(one) > 7)]
    return [name for name, held in files.items() if any(form in held for form in forms)]


def test_no_row_and_no_unreleased_total(
    world: EvidenceWorld, totals: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not one cell of the data, no site's sum or mean, no total of a round in any form, on paper neither."""
    monkeypatch.setattr("summand.evidence._case.to_pdf", lambda document: dump(asdict(document)))
    files = read_pack(world.pack(pdfs=True, internal=True))
    assert any(name.endswith(".pdf") for name in files)
    everything = b"\n".join(files.values())
    tables = world.partnership.tables
    cells = [repr(cell) for table in tables.values() for name in ("x", "y") for cell in table[name]]
    assert len(cells) == 200
    for text in cells:
        assert text.encode() not in everything
        assert not holding(files, text)

    pooled = {name: [cell for table in tables.values() for cell in table[name]] for name in ("x", "y")}
    sums = [sum(a * b for a, b in zip(pooled[one], pooled[two], strict=True)) for one, two in ("xx", "xy", "yy")]
    sums += [
        sum(table[name]) / part for table in tables.values() for name in ("x", "y") for part in (1, len(table[name]))
    ]
    sums += [sum(pooled["x"]), sum(pooled["y"])]
    for number in sums:
        assert f"{number:.10g}"[:11].encode() not in everything

    opened = [total for total in totals if len(total) >= 16]
    assert len(opened) >= 10, "the hub should have opened totals to look for"
    for total in opened:
        assert not holding(files, total)
        assert not holding(files, total[: len(total) // 2])


def test_the_search_finds_what_is_there() -> None:
    """The search above is no blind one."""
    files = {
        "a": to_base64(b"xx" + b"0.12345678901" + b"y").encode(),
        "b": b"0.12345678901",
        "c": b"0.12345678901".hex().encode(),
    }
    assert holding(files, "0.12345678901") == ["a", "b", "c"]


def test_nothing_of_another_partnership(world: EvidenceWorld) -> None:
    """What others state in the same ledger stays out, also when internal acts are asked for."""
    assert not holding(read_pack(world.pack(internal=True)), OTHER_WORD)


def test_a_result_that_awaits_witnesses_is_not_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Released but not yet cosigned: the pack says so, and takes no result for it."""
    made = Partnership.of(
        {s: {"y": [0.1, 0.2, 0.4], "x": [1, 2, 3]} for s in ("a", "b", "c")}, {"y": (0, 1), "x": (0, 9)}
    )
    world = EvidenceWorld(made, made.network())
    monkeypatch.setattr(world.network, "witness", lambda: None)
    world.run("line", {"name": "linear", "formula": "y ~ x"})
    files = read_pack(world.pack())
    (told,) = value(files, "pack.json")["studies"]
    assert (told["outcome"], told["result"], told["result_sha256"]) == ("awaiting witnesses", None, None)
    with world.network.convener.store.transaction() as tx:
        row = rows.study_row(tx, world.studies["line"])
    result = json.loads(row.result)
    with pytest.raises(VerificationError, match="no released result"):
        world.pack(results=[{"study": world.studies["line"], "result": result}])


def test_a_sealed_result_opens_with_its_requesters_key_alone() -> None:
    """Of a blind hub: sealed bytes for everybody, values only if the key of who asked is given."""
    made = Partnership.of(
        {s: {"y": [0.1, 0.2, 0.45], "x": [1, 2, 3]} for s in ("a", "b", "c")},
        {"y": (0, 1), "x": (0, 9)},
        data={"hub": "blind"},
    )
    world = EvidenceWorld(made, made.network())
    world.run("line", {"name": "linear", "formula": "y ~ x"})
    study, shown = world.studies["line"], world.shown["line"]
    values = Federation(world.network, made.agreement, ANALYST, made.analyst_key).result(study).to_dict()
    estimate = repr(values["terms"][1]["estimate"])

    for key in (None, made.steward_key, PrivateKey.generate()):
        files = read_pack(world.pack(key=key))
        assert value(files, "pack.json")["studies"][0]["result"] == "sealed"
        assert files[f"studies/{study}/result.sealed"] == from_base64(shown["sealed"]["sealed"])
        assert f"studies/{study}/result.json" not in files
        assert not holding(files, estimate)
    # What somebody claims to be inside counts for nothing: it is opened anew, or left sealed.
    claimed = {**shown, "result": {**values, "n": "claimed by somebody"}}
    assert not holding(read_pack(world.pack(results=[claimed])), "claimed by somebody")

    opened = world.pack(key=made.analyst_key)
    files = read_pack(opened)
    assert value(files, f"studies/{study}/result.json")["terms"][1]["estimate"] == values["terms"][1]["estimate"]
    assert "is the requester's word" in " ".join(verify_pack(opened).facts)


def test_entries_in_parts_are_whole_in_a_pack(monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries longer than a leaf stand in several; the pack holds all parts, and the script joins them."""
    monkeypatch.setattr("summand.hub._convener.ENTRY_BYTES_MAX", 1400)
    made = Partnership.of({s: {"y": [0.1, 0.2, 0.4], "x": [1, 2, 3]} for s in "abcdefgh"}, {"y": (0, 1), "x": (0, 9)})
    world = EvidenceWorld(made, made.network())
    world.run("line", {"name": "linear", "formula": "y ~ x"})
    assert sum(b'"type":"entry.part"' in leaf for leaf in world.ledger.leaves) >= 3
    data = world.pack()
    assert verify_pack(data).studies == {world.studies["line"]: "released"}
    index = value(read_pack(data), "pack.json")
    assert index["leaves_here"] == world.ledger.size


# ── what makes no pack ───────────────────────────────────────────────────────────────────────────────────────────────
def test_another_result_makes_no_pack(world: EvidenceWorld) -> None:
    """One changed digit, a result of another study, or of no study."""
    shown = json.loads(json.dumps(world.shown["line"]))
    shown["result"]["terms"][0]["estimate"] += 1e-12
    with pytest.raises(VerificationError, match="not the one that was released"):
        world.pack(results=[shown])
    with pytest.raises(VerificationError, match="not the one that was released"):
        world.pack(results=[{**world.shown["line"], "study": world.studies["arms"]}])
    with pytest.raises(VerificationError, match="no released result"):
        world.pack(results=[{**world.shown["line"], "study": world.studies["no event"]}])
    with pytest.raises(UsageError, match="not in this pack"):
        world.pack(results=[{**world.shown["line"], "study": "f" * 32}])


def test_a_spoilt_ledger_makes_no_pack(world: EvidenceWorld) -> None:
    """A missing leaf, a changed one, a checkpoint under another key."""
    good = world.ledger
    stranger = PrivateKey.generate()
    forged = sign_checkpoint(Checkpoint(good.origin, good.size, good.tree.root()), good.origin, stranger)
    for leaves, note in (
        (good.leaves[:-1], good.checkpoint),
        ([*good.leaves[:-1], good.leaves[-1] + b" "], good.checkpoint),
        (good.leaves, forged),
    ):
        with pytest.raises(VerificationError):
            LedgerCopy(good.origin, good.hub_key, note, leaves)


def test_documents_are_set_as_pdf(world: EvidenceWorld) -> None:
    """With the extra that sets them: a front page, the agreement, decisions, money, outcomes, privacy, each result."""
    pytest.importorskip("typst")
    files = read_pack(world.pack(pdfs=True))
    found = {name for name in files if name.endswith(".pdf")}
    assert found >= {
        "front-page.pdf", "agreement/agreement.pdf", "governance/governance.pdf", "money/statement.pdf", "money/contributions.pdf",
        "outcomes/outcomes.pdf", "privacy/privacy-ledger.pdf", f"studies/{world.studies['line']}/result.pdf",
    }  # fmt: skip
    assert all(files[name].startswith(b"%PDF-") for name in found)
    assert verify_pack(world.pack(pdfs=True))
