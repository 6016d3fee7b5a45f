"""Sites that stay away at any step: the study goes on without them as far as it may, and says so; or it ends cleanly."""

from __future__ import annotations

import numpy as np
import pytest

from summand.encoding import canonical, parse
from summand.federation import Federation
from summand.hub._convener import Convener
from summand.study import whole_entries
from wire import LINEAR, Wire, small_partnership, small_tables

SITES = ("east", "north", "south", "west", "york")
METHOD = {"name": "logistic", "formula": "y > 1 ~ x"}
LOST = "south"


def lossy(**terms) -> Wire:
    """Five sites, of which four open a sum; an agreement that waits two seconds."""
    data = {"round_deadline_seconds": 2, **terms.pop("data", {})}
    return Wire.of(small_partnership(tables=small_tables(SITES), data=data, **terms))


def without(wire: Wire, kind: str, number: int, lost: str = LOST) -> str:
    """Start a study in which a site falls silent at one message, and let the deadline pass as often as it takes."""
    gone = []

    def silent(sender, message):
        if sender == lost and (gone or (message.kind, message.round) == (kind, number)):
            gone.append(message.raw)
            return []
        return None

    wire.to_hub = silent
    identifier = wire.start(wire.request(METHOD))
    pass_deadlines(wire, identifier)
    wire.held = gone
    return identifier


def pass_deadlines(wire: Wire, identifier: str) -> None:
    """Carry messages; when none waits, let three seconds pass; until the study is over."""
    for _ in range(12):
        while wire.turn():
            pass
        if wire.convener.show(identifier)["status"] in ("released", "failed"):
            wire.network.witness()  # who was lost for the study is back as a witness
            return
        later = wire.convener.clock() + 3
        wire.convener.clock = lambda now=later: now
        wire.convener.expire()
    raise AssertionError(wire.convener.show(identifier))


def pooled(sites) -> dict:
    """The same method over the rows of these sites together, in one process."""
    tables = small_tables(SITES)
    merged = {name: [value for site in sites for value in tables[site][name]] for name in ("y", "x")}
    with Federation.in_memory({"all": merged}) as federation:
        return federation.run(METHOD).result


def coefficients(values) -> list[float]:
    return [float(term["estimate"]) for term in values["terms"]]


FIRST = [("site.ready", 0), ("round.upload", 0)]
LATER = [("round.upload", 1), ("round.upload", 2)]
AFTER = [("round.reveal", 0), ("round.reveal", 2)]
PROFILES = ["public_data", "institutional"]


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("kind", "number"), FIRST)
def test_a_site_lost_before_the_first_sum_is_left_out(kind, number, profile) -> None:
    """Nothing was opened before: the study goes on, its result is that of the other sites, and it says who is missing."""
    wire = lossy(profile=profile)
    shown = wire.convener.show(without(wire, kind, number))
    others = [site for site in SITES if site != LOST]

    assert (shown["status"], shown["error"]) == ("released", None)
    np.testing.assert_allclose(coefficients(shown["result"]), coefficients(pooled(others)), rtol=1e-9)
    assert shown["result"]["sites"] == 4
    assert any(LOST in warning for warning in shown["result"]["warnings"])
    assert (wire.agents[LOST].store.study(shown["study"]).status, wire.agents[LOST].store.study(shown["study"]).keys) == (
        "over", None,
    )  # fmt: skip
    wire.close()


@pytest.mark.parametrize("profile", PROFILES)
@pytest.mark.parametrize(("kind", "number"), AFTER)
def test_a_site_lost_after_its_upload_is_in_that_sum(kind, number, profile) -> None:
    """Its vector counts, its shares are not needed. At the next sum it is missed: there the limits decide."""
    wire = lossy(profile=profile)
    identifier = without(wire, kind, number)
    entries = [parse(data) for data in wire.convener.log.entries(0, wire.convener.log.size)]
    summed = {e["round"]: set(e["uploads"]) for e in entries if e["type"] == "round.summed"}

    assert summed[number] == set(SITES)
    shown = wire.convener.show(identifier)
    if profile == "institutional":
        assert (shown["status"], shown["error"]["code"]) == ("failed", "transport.round_timed_out")
        assert set(summed) == set(range(number + 1)), "no sum over fewer sites was opened after one over all"
    else:
        assert shown["status"] == "released"
    wire.close()


@pytest.mark.parametrize(("kind", "number"), LATER)
@pytest.mark.parametrize(
    "terms", [{"profile": "public_data"}, {"profile": "institutional", "data": {"on_lost_site": "start_over"}}]
)
def test_a_study_that_may_starts_over_with_the_others(kind, number, terms) -> None:
    """Where the agreement says so: from the first state, so that the result is that of the other sites alone."""
    wire = lossy(**terms)
    shown = wire.convener.show(without(wire, kind, number))
    others = [site for site in SITES if site != LOST]

    assert (shown["status"], shown["error"]) == ("released", None)
    np.testing.assert_allclose(coefficients(shown["result"]), coefficients(pooled(others)), rtol=1e-9)
    assert any(LOST in warning for warning in shown["result"]["warnings"])
    entries = [parse(data) for data in wire.convener.log.entries(0, wire.convener.log.size)]
    opened = [e for e in entries if e["type"] == "round.opened"]
    assert [e.get("starts_over", False) for e in opened].count(True) == 1
    assert number not in [e["round"] for e in entries if e["type"] == "round.summed"], "the broken round stays closed"
    wire.close()


@pytest.mark.parametrize(("kind", "number"), LATER)
def test_under_limits_a_study_that_lost_a_site_in_its_midst_ends(kind, number) -> None:
    """Sums before and after would differ by the lost site's own figures: nothing more is opened."""
    wire = lossy(profile="institutional")
    shown = wire.convener.show(without(wire, kind, number))
    assert (shown["status"], shown["error"]["code"]) == ("failed", "transport.round_timed_out")
    assert LOST in shown["error"]["message"]
    wire.close()


def test_two_lost_of_five_are_one_too_many() -> None:
    """With three left of a threshold of four the study ends, at whichever step the second one goes."""
    for second in (("round.upload", 0), ("round.certify", 0), ("round.reveal", 0)):
        wire = lossy()
        gone = {LOST: ("round.upload", 0), "west": second}
        silent: set[str] = set()

        def drop(sender, message, gone=gone, silent=silent):
            if sender in gone and (sender in silent or (message.kind, message.round) == gone[sender]):
                silent.add(sender)
                return []
            return None

        wire.to_hub = drop
        identifier = wire.start(wire.request(METHOD))
        pass_deadlines(wire, identifier)
        shown = wire.convener.show(identifier)
        assert (shown["status"], shown["error"]["code"]) == ("failed", "transport.round_timed_out"), second
        entries = [parse(data) for data in wire.convener.log.entries(0, wire.convener.log.size)]
        assert "round.summed" not in [e["type"] for e in entries]
        wire.close()


def test_late_messages_of_a_lost_site_change_nothing() -> None:
    """Its upload comes after all, once the others went on: acknowledged, not looked at, not in any sum."""
    wire = lossy()
    identifier = without(wire, "round.upload", 0)
    size, before = wire.convener.log.size, wire.convener.show(identifier)
    for message in wire.held:
        wire.convener.receive(message)
    assert (wire.convener.log.size, wire.convener.show(identifier)) == (size, before)
    wire.close()


def test_a_late_upload_while_the_others_recover_is_not_looked_at() -> None:
    """Between the certificate and the shares: the vector stays masked, the sum is the others'."""
    wire = lossy()
    held = []

    def hold(sender, message):
        if sender == LOST and message.kind == "round.upload":
            held.append(message.raw)
            return []
        if message.kind == "round.certify" and held:
            return [held.pop(), message.raw]
        return None

    wire.to_hub = hold
    identifier = wire.start(wire.request(METHOD))
    pass_deadlines(wire, identifier)
    shown = wire.convener.show(identifier)
    assert (shown["status"], shown["result"]["sites"]) == ("released", 4)
    assert not wire.refused
    wire.close()


@pytest.mark.parametrize("stop", ["round.certify", "round.reveal", "round.upload", "site.confirm"])
def test_a_hub_that_restarts_while_it_recovers_goes_on(stop) -> None:
    """The hub is read anew from its store before every message of one kind; the study ends as if nothing had been."""
    wire = lossy()

    def restart(sender, message):
        if sender == LOST and message.kind == "round.upload":
            return []
        if message.kind == stop:
            old = wire.convener
            wire.network.convener = Convener(old.store, old.log, old.key, clock=old.clock)
        return None

    wire.to_hub = restart
    identifier = wire.start(wire.request(METHOD))
    pass_deadlines(wire, identifier)
    shown = wire.convener.show(identifier)
    assert (shown["status"], shown["error"]) == ("released", None)
    assert shown["result"]["sites"] == 4
    wire.close()


def test_the_next_study_asks_the_lost_site_again() -> None:
    """Being left out of one study is no exclusion from the next."""
    wire = lossy()
    without(wire, "round.upload", 0)
    wire.to_hub = lambda site, message: None
    shown = wire.run(wire.request(LINEAR))
    assert (shown["status"], shown["result"]["sites"]) == ("released", 5)
    wire.close()


def test_under_limits_the_same_question_is_not_asked_again_once_the_lost_site_is_back() -> None:
    """One result over four sites and one over all five would give the fifth's figures by subtraction."""
    wire = lossy(profile="institutional", data={"release_levels": ["total"]})
    without(wire, "round.upload", 0)
    wire.to_hub = lambda site, message: None
    again = wire.run(wire.request(METHOD))
    assert (again["status"], again["error"]["code"]) == ("refused", "guard.cohort_too_small")
    assert wire.run(wire.request(LINEAR))["status"] == "released", "another question is another matter"
    wire.close()


@pytest.mark.slow
def test_more_than_sixty_four_sites_go_the_way_of_the_certificate() -> None:
    """Sixty-six sites in one process, three lost: the result is the others', every round certified."""
    tables = small_tables([f"site{k:02d}" for k in range(66)], rows=3)
    wire = Wire.of(small_partnership(tables=tables, data={"round_deadline_seconds": 2}))
    lost = {"site03", "site31", "site64"}
    wire.to_hub = lambda sender, message: [] if sender in lost and message.kind == "round.upload" else None
    identifier = wire.start(wire.request({"name": "describe", "columns": ["x"]}))
    pass_deadlines(wire, identifier)
    shown = wire.convener.show(identifier)
    kept = [value for site, table in tables.items() if site not in lost for value in table["x"]]

    assert (shown["status"], shown["result"]["n"], shown["result"]["sites"]) == ("released", len(kept), 63)
    (column,) = shown["result"]["columns"]
    assert column["mean"] == pytest.approx(np.mean(kept), rel=1e-12)
    entries = [parse(data) for data in wire.convener.log.entries(0, wire.convener.log.size)]
    whole = [entry for _, entry in whole_entries([canonical(entry) for entry in entries])]
    certified = [entry["round"] for entry in whole if entry["type"] == "round.certified"]
    assert certified == [entry["round"] for entry in whole if entry["type"] == "round.summed"] != []
    wire.close()
