"""One patient's values are others, and everything that leaves a site is compared, byte by byte.

What may differ is written down here: the masked numbers and the boxes and shares of the secure sum, which are random in
any case; what follows from totals over all sites, which hub and sites see (states, and with them the sizes and number of
later rounds); and the result. Nothing else may: no refusal, no text, no size of a site's message, whoever has the patient.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from summand.encoding import parse
from summand.tables import PERSONS, Batch, dictionary_to_table_schema
from summand.testing.federations import STEWARD, Partnership
from summand.transport import Message
from wire import Wire

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "laws"))

from law_case import Case, all_cases

pytestmark = pytest.mark.slow

CASES = {case.method.name: case for case in reversed(all_cases())}
SHARES = {"east": 0.7, "north": 0.25, "south": 0.05, "west": 0.0}
"""Of the rows; west has nobody."""
RANDOM = {"study", "context", "result_sha256", "request_hash", "decided_at", "checkpoint"}


def tables(case: Case, batch: Batch) -> dict[str, dict[str, list[Any]]]:
    """The rows as the sites' files would have them."""
    columns: dict[str, list[Any]] = {}
    for column in case.dictionary:
        values = batch.columns.get(column.name)
        if values is None:
            columns[column.name] = [f"p{i}" for i in range(batch.rows)]
        elif column.is_numeric:
            columns[column.name] = [None if np.isnan(value) else float(value) for value in values]
        else:
            columns[column.name] = [None if code < 0 else column.levels[int(code)] for code in values]
    ends = np.rint(np.cumsum([0.0, *SHARES.values()]) * batch.rows).astype(int)
    parts = zip(SHARES, ends[:-1], ends[1:], strict=True)
    return {site: {name: values[a:b] for name, values in columns.items()} for site, a, b in parts}


def plain(site: str, message: Message) -> tuple[Any, ...]:
    """All of a site's message that is not random by design."""
    header = {name: value for name, value in message.header.items() if name not in RANDOM}
    told: Any = None
    if message.kind == "site.decision":
        from summand.signing import Envelope

        body = parse(message.body)
        verdict = parse(Envelope.from_dict(body["decision"]).payload)
        told = ({k: v for k, v in verdict.items() if k not in RANDOM}, body["reasons"], len(body["key_record"]))
    elif message.kind == "site.halt":
        told = parse(message.body)
    return site, message.kind, message.round, header, len(message.body), told


def partnership(case: Case) -> Partnership:
    """Four sites without rows under one agreement in which a steward approves every study."""
    empty = {site: {column.name: [] for column in case.dictionary} for site in SHARES}
    return Partnership.of(
        empty, dictionary_to_table_schema(case.dictionary), profile="institutional", rows_max=100_000,
        governance={"study_approvals": [{"role": "data_steward", "party": "any", "count": 1}]},
    )  # fmt: skip


def run(made: Partnership, case: Case, batch: Batch) -> tuple[list[tuple[Any, ...]], dict[str, Any]]:
    """What the sites sent, in order of round, kind and site, and how the study ended."""
    wire = Wire.of(replace(made, tables=tables(case, batch)))
    shown = wire.run(wire.request(case.method.to_spec()).approved_by(STEWARD, made.steward_key))
    sent = sorted((plain(site, message) for site, message in wire.sent), key=lambda one: (one[2], one[1], one[0]))
    wire.network.close()
    return sent, shown


def changed(case: Case, batch: Batch) -> Batch:
    """The same people, but that the first one's values are another person's."""
    other = case.draw(np.random.default_rng(77), 1)
    columns = {}
    for name, values in batch.columns.items():
        columns[name] = values.copy()
        if name != PERSONS:
            columns[name][0] = other.columns[name][0]
    return Batch(columns, batch.rows)


@pytest.mark.parametrize("name", sorted(CASES))
def test_everything_but_random_numbers_and_what_totals_say_is_the_same(name: str) -> None:
    """Both cohorts: the same decisions, the same sizes in every round that both have, from every site the same size."""
    case = CASES[name]
    batch = case.draw(np.random.default_rng(6), max(240, case.rows_min))
    made = partnership(case)
    (sent, ended), (sent_too, ended_too) = run(made, case, batch), run(made, case, changed(case, batch))
    early = [[one for one in messages if one[1] == "site.decision" or one[2] == 0] for messages in (sent, sent_too)]
    assert early[0] == early[1]
    for messages in (sent, sent_too):
        for number in {one[2] for one in messages}:
            sizes = {one[4] for one in messages if one[1:3] == ("round.upload", number)}
            assert len(sizes) <= 1  # of 168 people, of 60, of 12 and of none
    if "failed" in (ended["status"], ended_too["status"]) and ended["status"] == ended_too["status"]:
        one, other = ended["error"], ended_too["error"]
        if one["code"] == other["code"]:
            assert (one["message"], one["remedy"]) == (other["message"], other["remedy"])
    if ended["status"] == "refused":
        assert ended["error"] == ended_too["error"]
