"""The index of the ledger: it says what the ledger says, however it was read, and never reads it twice."""

from __future__ import annotations

import pytest

from summand.encoding import parse
from summand.portal import _index
from summand.portal._index import Index
from summand.portal._store import Store
from summand.study import in_parts
from summand.testing.portals import SITES, World, make_world


@pytest.fixture(scope="module")
def world() -> World:
    """A hub after one released and one refused study."""
    return make_world()


def test_studies_stand_where_the_hub_says(world: World) -> None:
    """Status, title, requester and round equal the hub's own."""
    index = world.portal.index
    for shown in world.convener.list_studies():
        row = index.study(shown["study"])
        assert (row.status, row.title, row.requester) == (shown["status"], shown["title"], shown["requester"])
    agreement_id = world.partnership.agreement.id
    assert index.study_counts([agreement_id]) == {agreement_id: {"released": 1, "refused": 1}}
    assert [row.id for row in index.studies([agreement_id])] == [world.refused, world.released]
    assert index.studies(["urn:none"]) == []


def test_every_site_has_its_decision_and_its_leaf(world: World) -> None:
    """The decision's leaf is the one that holds it."""
    for study, wanted in ((world.released, "permit"), (world.refused, "refuse")):
        for party, decision, leaf in world.portal.index.decisions_on(study):
            entry = parse(world.convener.log.entry(leaf))
            assert (decision, entry["type"], entry["site"]) == (wanted, "study.decision", party)
    assert {party for party, _, _ in world.portal.index.decisions_on(world.released)} == set(SITES)
    assert [row.id for row in world.portal.index.decisions_of("north", "permit")] == [world.released]
    assert world.portal.index.decisions_of("north", "waiting") == []


@pytest.mark.parametrize("batch", [1, 2, 3, 7, 4096])
def test_the_size_of_a_batch_changes_nothing(world: World, batch: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read leaf by leaf or at once, the index is the same; read again, it does not change."""
    monkeypatch.setattr(_index, "BATCH", batch)
    store = Store()
    found = Index(store, world.convener.log, world.portal.partnerships.about)
    found.follow()
    found.follow()
    again = Index(store, world.convener.log, world.portal.partnerships.about)
    again.follow()
    for study in (world.released, world.refused):
        assert again.leaves_of_study(study) == world.portal.index.leaves_of_study(study)
        assert again.study(study) == world.portal.index.study(study)
    assert again.recent_leaves(most=500) == world.portal.index.recent_leaves(most=500)


class Leaves:
    """A log of given leaves."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves = leaves

    @property
    def size(self) -> int:
        """How many there are."""
        return len(self.leaves)

    def entries(self, start: int, stop: int) -> list[bytes]:
        """Some of them."""
        return self.leaves[start:stop]


@pytest.mark.parametrize("batch", [2, 3, 4, 5, 100])
def test_an_entry_in_parts_is_one_leaf_of_its_own_type(
    world: World, batch: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a batch ends, the parts make the entry whose last part is indexed; a torn entry stays its parts."""
    monkeypatch.setattr(_index, "BATCH", batch)
    cohort = next(leaf for leaf in world.convener.log.entries() if parse(leaf)["type"] == "study.cohort")
    parts = in_parts(cohort, 500)
    assert len(parts) > 3
    log = Leaves([b'{"type":"other"}', *parts, b'{"type":"other"}', parts[0], b"[1]", b'{"type":"last"}'])
    index = Index(Store(), log, world.portal.partnerships.about)  # type: ignore[arg-type]
    index.follow()
    types = [(row.leaf, row.type) for row in reversed(index.recent_leaves(most=100))]
    if batch > len(parts):
        assert types == [
            (0, "other"), (len(parts), "study.cohort"), (len(parts) + 1, "other"), (len(parts) + 2, "entry.part"),
            (len(parts) + 4, "last"),
        ]  # fmt: skip
    assert (len(parts) + 4, "last") in types
