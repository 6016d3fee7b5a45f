"""An analyst subtracts one release from another: what is left is about nobody, or about as many people as a cell holds."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from summand.errors import CohortTooSimilar, Refusal, StateDisagrees
from summand.federation import Federation
from summand.site._cohorts import people_apart
from summand.site.sources import open_source
from summand.study.messages import HUB, open_body, read_body
from summand.testing.federations import Partnership
from summand.transport import Message, sign_message
from wire import Wire

SCHEMA = {
    "fields": [
        {"name": "patient", "type": "string"},
        *(
            {"name": name, "type": "number", "constraints": {"minimum": 0, "maximum": 100}}
            for name in ("age", "bmi", "y")
        ),
    ],
    "x-person-id": "patient",
}
SITES = ("east", "north", "west")
AGE, BMI = {"name": "linear", "formula": "y ~ age"}, {"name": "linear", "formula": "y ~ bmi"}


def tables(lacking: dict[str, int], people: int = 40) -> dict[str, dict[str, list[Any]]]:
    """People at each site, of whom some have no bmi."""
    rng, made = np.random.default_rng(8), {}
    for site in SITES:
        numbers = {name: np.round(rng.uniform(20, 80, people), 1).tolist() for name in ("age", "bmi", "y")}
        numbers["bmi"] = [None if i < lacking.get(site, 0) else value for i, value in enumerate(numbers["bmi"])]
        made[site] = {"patient": [f"{site}-{i}" for i in range(people)], **numbers}
    return made


def partnership(lacking: dict[str, int], **terms: Any) -> Partnership:
    """Three sites under the institutional profile."""
    return Partnership.of(tables(lacking), SCHEMA, **{"profile": "institutional", **terms})


def ask(federation: Federation, method: dict[str, Any], **options: Any) -> str:
    """A released study's identifier."""
    return federation.result(federation.network.submit(federation.request(method, **options))).study_id


@pytest.mark.parametrize(("lacking", "refused"), [(0, False), (1, True), (9, True), (10, False), (25, False)])
def test_all_but_a_few_is_refused_and_the_earlier_study_named(lacking: int, refused: bool) -> None:
    """One to nine people apart is refused by name, none and ten are not; who asks learns no number."""
    with partnership({"north": lacking}).federation() as federation:
        first = ask(federation, AGE)
        if not refused:
            ask(federation, BMI)
            return
        with pytest.raises(CohortTooSimilar) as found:
            ask(federation, BMI)
        assert first in found.value.message
        assert "fewer than 10 people" in found.value.message
        assert found.value.clause == "D.min_cell"


def test_people_are_counted_over_all_sites_together() -> None:
    """Four at each of three sites are twelve people: no site refuses for its own four."""
    with partnership(dict.fromkeys(SITES, 4)).federation() as federation:
        ask(federation, AGE)
        ask(federation, BMI)
    with partnership(dict.fromkeys(SITES, 3)).federation() as federation:
        ask(federation, AGE)
        with pytest.raises(CohortTooSimilar):
            ask(federation, BMI)


def test_the_order_of_the_two_questions_makes_no_difference() -> None:
    """The small cohort first and then all of them is the same subtraction."""
    with partnership({"west": 1}).federation() as federation:
        ask(federation, BMI)
        with pytest.raises(CohortTooSimilar):
            ask(federation, AGE)


def test_a_column_described_alone_is_a_cohort_of_its_own() -> None:
    """A description leaves rows out column by column: its figures of bmi are about those who have one."""
    described = {"name": "describe", "columns": ["age", "bmi"]}
    with partnership({"north": 12, "west": 1}).federation() as federation:
        ask(federation, described)
        with pytest.raises(CohortTooSimilar):  # those with bmi and age are those with bmi; but one has no y
            ask(changed(federation, "west", "y", 39, None), {"name": "linear", "formula": "y ~ bmi"})


def changed(federation: Federation, site: str, column: str, row: int, value: Any) -> Federation:
    """The same federation after one value of one person at one site has changed."""
    agent = federation.network.agents[site]
    ((dataset, source),) = agent.sources.items()
    table = dict(tables({"north": 12, "west": 1})[site])
    table[column] = [value if i == row else one for i, one in enumerate(table[column])]
    agent.sources[dataset] = open_source(table, source.dictionary)
    return federation


def test_the_same_question_after_one_persons_value_changed_is_refused() -> None:
    """The same cohort and the same question: but one person's value is another, and the difference would be hers."""
    with partnership({"north": 12, "west": 1}).federation() as federation:
        ask(federation, AGE)
        with pytest.raises(CohortTooSimilar):
            ask(changed(federation, "east", "age", 7, 33.3), AGE)


def test_an_identical_question_gets_the_identical_answer_from_the_record() -> None:
    """Another title and another order of datasets are the same question: no round is run, every digit is the same."""
    with partnership({}).federation() as federation:
        first = ask(federation, AGE)
        rounds = len(federation.network.agents["east"].history().of_type("round.summed"))
        second = ask(federation, AGE, title="Something else", datasets=["data-west", "data-east", "data-north"])
        shown = [federation.network.show(study) for study in (first, second)]
        history = federation.network.agents["east"].history()
        assert shown[0]["result"] == shown[1]["result"]
        assert second != first
        assert len(history.of_type("round.summed")) == rounds
        assert [(e["study"], e["earlier"]) for e in history.of_type("study.answered")] == [(second, first)]
        ask(federation, AGE)  # and a third time, though two have asked it by now


def test_a_hub_that_answers_for_a_site_whose_rows_changed_cannot() -> None:
    """One site's rows are others: it does not say that the earlier answer stands, so the study must run."""
    with partnership({}).federation() as federation:
        ask(federation, AGE)
        with pytest.raises(CohortTooSimilar):
            ask(changed(federation, "west", "y", 3, 50.0), AGE)
        history = federation.network.agents["east"].history()
        assert not history.of_type("study.answered")


def test_published_data_are_not_audited() -> None:
    """There is nothing to subtract from what everybody has: the same question runs again."""
    with partnership({"north": 1}, profile="public_data").federation() as federation:
        ask(federation, AGE)
        ask(federation, AGE)
        ask(federation, BMI)
        assert not federation.network.agents["east"].history().of_type("study.answered")


def test_one_site_fewer_is_refused() -> None:
    """The pinned cohort: the same question without one site would give that site's own sums."""
    names = (*SITES, "south")
    made = Partnership.of({**tables({}), "south": tables({})["east"]}, SCHEMA, profile="institutional")
    with made.federation() as federation:
        first = ask(federation, AGE)
        with pytest.raises(Refusal, match=first) as found:
            ask(federation, AGE, datasets=[f"data-{name}" for name in names if name != "south"])
        assert found.value.clause == "D.min_sites"


@pytest.mark.parametrize("lie", ["leaves it out", "invents another"])
def test_a_hub_that_hides_a_released_study_is_found_out(lie: str) -> None:
    """Every site knows which studies it took part in: a first state without them opens nothing."""

    def lying(site: str, message: Message) -> bytes | None:
        if message.kind != "round.open" or message.round or "earlier" not in (state := read_body(message)[0]):
            return None
        state = {**state, "earlier": []} if lie == "leaves it out" else {**state, "earlier": [["f" * 32, ""]]}
        state = {name: value for name, value in state.items() if value}
        body, size = open_body(state, b"")
        header = {name: message.header[name] for name in ("codec", "length", "cohort", "members")}
        return sign_message(
            "round.open", HUB, message.study, 0, wire.convener.key, wire.network.origin, body=body, json_bytes=size,
            **header,
        )  # fmt: skip

    wire = Wire.of(partnership({"north": 1}))
    assert wire.run(wire.request(AGE))["status"] == "released"
    wire.to_site = lying
    shown = wire.run(wire.request(BMI))
    assert (shown["status"], shown["error"]["code"]) == ("failed", StateDisagrees.code)


def test_two_studies_at_once_are_not_both_released() -> None:
    """Neither stood in the other's list: the site that confirms the second compares it with the first by itself."""
    wire = Wire.of(partnership({"north": 1}))
    both = [wire.start(wire.request(method)) for method in (AGE, BMI)]
    while wire.turn():
        pass
    ended = sorted(wire.convener.show(study)["status"] for study in both)
    assert ended != ["released", "released"]


def test_what_a_site_keeps_of_a_cohort_survives_a_restart(tmp_path: Any) -> None:
    """The record is in the site's file, and a study that failed leaves nothing in it."""
    from summand.site._record import ReleaseRecord
    from summand.site._store import SiteStore
    from summand.study import CohortShape

    rows, shape = np.array([3, 5, 9], dtype=np.uint64), CohortShape(("age", "y"), by_column=False)
    store = SiteStore(tmp_path / "state.sqlite")
    record = ReleaseRecord(store)
    for study in ("a" * 32, "b" * 32):
        record.count(study, "data-east", "q", shape, b"{}", {"": rows})
    record.confirm("a" * 32, b"{}")
    record.forget("b" * 32)
    record.forget("a" * 32)  # it was confirmed: it stays
    store.close()
    store = SiteStore(tmp_path / "state.sqlite")
    again = ReleaseRecord(store)
    assert again.seed == record.seed
    assert [item.study for item in again.confirmed("data-east")] == ["a" * 32]
    kept = again.rows("a" * 32, "")
    assert kept is not None and kept.tolist() == [3, 5, 9]
    assert again.asked("b" * 32) is None and again.rows("b" * 32, "") is None
    store.close()


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [([], [], 0), ([1, 2], [1, 2], 0), ([1, 2, 3], [1], 2), ([1], [2], 1), ([1, 2], [3, 4, 5], 3), ([7, 7], [7], 1)],
)
def test_the_distance_counts_people_once(one: list[int], other: list[int], apart: int) -> None:
    """Somebody whose values changed left and came, and is one person; equal rows count as often as they stand."""
    words = [np.array(rows, dtype=np.uint64) for rows in (one, other)]
    assert people_apart(words[0], words[1]) == people_apart(words[1], words[0]) == apart
