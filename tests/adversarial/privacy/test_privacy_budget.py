"""Noise is in every sum that leaves a site, and what studies cost is never forgotten, whatever crashes."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from summand.disclosure import epsilon_of, rho_of
from summand.errors import BudgetExceeded, MethodNotPermitted, SummandError
from summand.federation import Federation
from summand.site import _noise
from summand.site._budget import BudgetAccount, period_start
from summand.site._store import SiteStore
from summand.study import Noise, Spent, rho_left
from summand.study.messages import read_body
from summand.testing.federations import Partnership
from summand.transport import Message
from wire import Wire

SITES = ("east", "north", "south", "west")
BUDGET = {
    "unit_of_privacy": "patient", "neighbouring": "add_remove", "epsilon_total": 4.0, "delta": 1e-6, "period": "term",
    "composition": "zcdp", "epsilon_per_study": 2.0,
}  # fmt: skip
AGE = {"name": "describe", "columns": ["age"]}
LINEAR = {"name": "linear", "formula": "y ~ age"}


def tables(people: int = 100) -> dict[str, dict[str, list[float]]]:
    """People at each site."""
    rng = np.random.default_rng(5)
    return {
        site: {
            "age": np.round(rng.uniform(20, 90, people), 1).tolist(),
            "y": np.round(rng.uniform(0, 10, people), 1).tolist(),
        }
        for site in SITES
    }


def partnership(*, people: int = 100, **budget: Any) -> Partnership:
    """Four sites under an agreement with a privacy budget."""
    return Partnership.of(
        tables(people), {"age": (0, 100), "y": (0, 10)}, profile="institutional",
        privacy={"budget": {**BUDGET, **budget}},
    )  # fmt: skip


@pytest.fixture(autouse=True)
def seeded(monkeypatch: pytest.MonkeyPatch) -> list[tuple[float, int]]:
    """Draws that repeat, in place of the operating system's; which scales and sizes were asked for."""
    rng, asked = np.random.default_rng(17), []

    def draw(scale: float, size: int) -> np.ndarray:
        asked.append((scale, size))
        return np.rint(rng.normal(0.0, scale, size))

    monkeypatch.setattr(_noise, "draw", draw)
    return asked


def account(federation: Federation, site: str = "east") -> BudgetAccount:
    """One site's account."""
    return federation.network.agents[site].budget


def spent(federation: Federation, site: str = "east") -> float:
    """What its dataset has borne."""
    return account(federation, site).spent(f"data-{site}", datetime.min.replace(tzinfo=UTC)).rho


def totals(wire: Wire, method: dict[str, Any]) -> list[np.ndarray]:
    """The opened totals of a study, as every site sees them."""
    from summand.securesum import Codec

    codec, found = Codec.q63_64(), []

    def look(site: str, message: Message) -> None:
        if site == "east" and message.kind in ("round.open", "study.result"):
            _, total = read_body(message)
            if total:
                found.append(codec.decode(codec.from_bytes(total, len(total) // 16 - 1)))

    wire.to_site = look
    assert wire.run(wire.request(method))["status"] == "released"
    return found


def test_the_noise_of_the_opened_totals_has_the_variance_that_the_account_says() -> None:
    """Fifteen descriptions of the same people: what totals differ by from the truth has n/h of sigma squared."""
    exact = np.histogram(np.concatenate([table["age"] for table in tables().values()]), bins=10, range=(0, 100))[0]
    deviations, counted = [], []
    made = partnership(epsilon_total=1000.0)
    wire = Wire.of(made)
    for _ in range(15):
        for agent in wire.agents.values():
            agent.record.seed += 1  # else the same question would get the same answer, without a round
        first, second = totals(wire, AGE)
        counted.append(first[0] - 400)
        deviations.append(second[:10] - exact)
    rows = wire.agents["east"].budget
    with rows._store.transaction() as tx:
        sigmas = dict(tx.execute("SELECT round, avg(sigma) FROM budget_round GROUP BY round"))
    for found, sigma in ((np.concatenate(deviations), sigmas[1]), (np.array(counted), sigmas[0])):
        statistic = float((found**2).sum()) / (sigma**2 * len(SITES) / 2)  # t = 3 of 4 sites, so h = 2
        assert chi2.ppf(1e-4, found.size) < statistic < chi2.ppf(1 - 1e-4, found.size)


def test_every_site_draws_its_own_share(seeded: list[tuple[float, int]]) -> None:
    """Each site adds sigma^2 / h in whole steps of the grid: with h = 2, two honest sites are enough."""
    with partnership().federation() as federation:
        federation.run(AGE)
    rho = rho_of(2.0, 1e-6)
    for size, share, sensitivity in ((2, 0.05, 1.0), (13, 0.95, 3.0**0.5)):
        noise = Noise.of(sensitivity, share * rho, size, 4, 3)
        assert [asked for asked in seeded if asked[1] == size] == [(noise.own_scale, size)] * 4
        assert (noise.own_scale * noise.grid) ** 2 * 2 == pytest.approx(noise.sigma**2)
        assert noise.rho == pytest.approx((noise.sensitivity / noise.sigma) ** 2 / 2)
        assert noise.sensitivity == pytest.approx(sensitivity, rel=1e-4)


def test_without_a_budget_nothing_is_drawn(seeded: list[tuple[float, int]]) -> None:
    """No noise where the agreement asks for none."""
    made = Partnership.of(tables(), {"age": (0, 100), "y": (0, 10)}, profile="institutional")
    with made.federation() as federation:
        result = federation.run(AGE).to_dict()
    assert seeded == [] and "privacy" not in result


def test_two_studies_of_one_budget_add_up_and_the_third_is_refused() -> None:
    """Losses add as rho: two of epsilon 2 are less than epsilon 4 together, and what is left is not enough for another."""
    with partnership().federation() as federation:
        one = federation.run(AGE).to_dict()
        federation.run(LINEAR)
        rho = rho_of(2.0, 1e-6)
        assert one["privacy"] == {
            "epsilon": pytest.approx(2.0), "delta": 1e-6, "rho": rho, "unit": "patient", "neighbouring": "add_remove",
        }  # fmt: skip
        assert spent(federation) == pytest.approx(2 * rho, rel=1e-9)
        assert epsilon_of(2 * rho, 1e-6) < 4.0
        left = rho_left(federation.agreement, "east", Spent(2 * rho, 0.0))
        while left >= rho:
            federation.run({**AGE, "bins": 20 + round(100 * left)})
            left -= rho
        with pytest.raises(BudgetExceeded, match="privacy budget") as refused:
            federation.run({"name": "describe", "columns": ["y"]})
        assert refused.value.clause == "E.budget"
        last = epsilon_of(left, 1e-6) * 0.99
        federation.run({"name": "describe", "columns": ["y"]}, epsilon=last)
        assert 0.0 <= rho_of(4.0, 1e-6) - spent(federation) < rho


def test_the_same_question_again_is_free_and_has_the_same_noise() -> None:
    """Averaging the noise away by asking again gives the first answer again, and costs nothing."""
    with partnership().federation() as federation:
        first = federation.run(AGE)
        before = spent(federation)
        second = federation.run(AGE, title="again")
        assert second.study_id != first.study_id
        assert second.to_dict()["columns"] == first.to_dict()["columns"]
        assert spent(federation) == before


def test_a_crash_before_the_answer_is_stored_spends_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loss is written down before a row is read, stays after the crash, and is not written twice when it goes on."""
    from summand.site import _summing

    wire = Wire.of(partnership())
    study = wire.start(wire.request(AGE))
    order: list[str] = []
    real, crashed = _summing.summand_of, []

    def crashing(*arguments: Any) -> Any:
        order.append("rows")
        agent = wire.agents["east"]
        assert agent.budget.studies("data-east")[0]["rho"] == rho_of(2.0, 1e-6)  # reserved before the rows are read
        if arguments[2] == "east" and not crashed:
            crashed.append(agent.budget.spent("data-east", datetime.min.replace(tzinfo=UTC)))
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(_summing, "summand_of", crashing)
    with pytest.raises(KeyboardInterrupt):
        while wire.turn():
            pass
    while wire.turn():  # the same messages again, as after a restart
        pass
    assert wire.convener.show(study)["status"] == "released"
    assert crashed[0].rho == rho_of(2.0, 1e-6)
    (row,) = wire.agents["east"].budget.studies("data-east")
    assert (row["rounds"], row["committed"], row["over"]) == (2, 2, True)
    assert row["rho"] == pytest.approx(rho_of(2.0, 1e-6), rel=1e-9)


def test_rounds_that_never_began_come_back_and_no_other() -> None:
    """A study that fails behind round zero costs its count of people; one that fails before it costs nothing."""
    wire = Wire.of(partnership())

    def forget(site: str, message: Message) -> Any:
        return [] if site == "west" and message.kind == "round.open" and message.round == 1 else None

    wire.to_site = forget
    study = wire.start(wire.request(LINEAR))
    while wire.turn():
        pass
    held = wire.agents["east"].budget.studies("data-east")[0]
    assert held["rho"] == rho_of(2.0, 1e-6) and not held["over"]  # all of it while the study may go on
    wire.convener.clock = lambda: 4e9
    assert wire.convener.expire() == [study]
    while wire.turn():
        pass
    rho = rho_of(2.0, 1e-6)
    east, west = (wire.agents[site].budget.studies(f"data-{site}")[0] for site in ("east", "west"))
    assert east["over"] and east["rho"] == pytest.approx(rho)  # it uploaded in round one: that stays spent
    assert west["over"] and west["rho"] == pytest.approx(0.05 * rho)
    assert (east["rounds"], east["committed"]) == (2, 1)


def noise(rho: float) -> Noise:
    """A round that costs so much."""
    return Noise(rho, 1.0, 1.0, 2.0**-10, 1024.0, 2, 0.0)


def test_the_account_survives_every_crash_point(tmp_path: Path) -> None:
    """After each step the file is opened anew: what was written down is there, once, and nothing comes back by itself."""
    agreement, path, at = partnership().agreement, tmp_path / "state.sqlite", datetime(2026, 5, 1, tzinfo=UTC)
    rho, since = rho_of(2.0, 1e-6), datetime.min.replace(tzinfo=UTC)
    steps = [
        (lambda a: a.reserve("a" * 32, "d", agreement, "east", rho, at), rho),
        (lambda a: a.spend("a" * 32, 0, noise(0.1 * rho), 5), rho),
        (lambda a: a.commit("a" * 32, 0), rho),
        (lambda a: a.reserve("b" * 32, "d", agreement, "east", rho / 2, at), 1.5 * rho),
        (lambda a: a.spend("b" * 32, 0, noise(0.2 * rho), 5), 1.5 * rho),
        (lambda a: a.close("a" * 32), 0.6 * rho),
    ]
    for step, expected in steps:
        for _ in range(2):  # the second time is the message that is handled anew
            store = SiteStore(path)
            step(BudgetAccount(store))
            store.close()
        store = SiteStore(path)
        assert BudgetAccount(store).spent("d", since).rho == pytest.approx(expected)
        assert BudgetAccount(store).spent("other", since).rho == 0.0
        store.close()


def test_an_account_refuses_more_than_it_holds(tmp_path: Path) -> None:
    """A second reservation beyond the budget, a round beyond its study, a round of nothing reserved: all refused."""
    agreement, at = partnership().agreement, datetime(2026, 5, 1, tzinfo=UTC)
    store = SiteStore(tmp_path / "state.sqlite")
    made, whole = BudgetAccount(store), rho_of(4.0, 1e-6)
    made.reserve("a" * 32, "d", agreement, "east", 0.7 * whole, at)
    with pytest.raises(BudgetExceeded):
        made.reserve("b" * 32, "d", agreement, "east", 0.31 * whole, at)
    made.reserve("b" * 32, "d", agreement, "east", 0.3 * whole, at)
    made.spend("a" * 32, 0, noise(0.5 * whole), 1)
    for study, number, cost in (("a", 1, 0.3), ("c", 0, 0.1)):
        with pytest.raises(BudgetExceeded):
            made.spend(study * 32, number, noise(cost * whole), 1)
    made.close("a" * 32)
    with pytest.raises(BudgetExceeded):
        made.spend("a" * 32, 2, noise(0.1 * whole), 1)
    store.close()


def test_a_budget_that_is_refilled_counts_from_the_anniversary() -> None:
    """Clause E: annual, from the start of the term; else what was spent is spent for ever."""
    yearly = partnership(refill="annual", period="year").agreement
    start = yearly.term.start
    assert period_start(yearly, date(start.year + 1, start.month, start.day)) == datetime(
        start.year + 1, start.month, start.day, tzinfo=UTC
    )
    assert period_start(yearly, start).date() == start
    assert period_start(partnership().agreement, start).year == 1970


def test_people_with_several_rows_are_refused() -> None:
    """The budget is for each patient: a file with two rows of somebody would let her count twice."""
    schema = {
        "fields": [
            {"name": "patient", "type": "string"},
            {"name": "age", "type": "number", "constraints": {"minimum": 0, "maximum": 100}},
        ],
        "x-person-id": "patient",
    }
    rows = {
        site: {"patient": [f"p{i}" for i in range(40)], "age": [float(30 + i) for i in range(40)]} for site in SITES
    }
    rows["west"]["patient"][1] = "p0"
    made = Partnership.of(rows, schema, profile="institutional", privacy={"budget": BUDGET})
    with made.federation() as federation, pytest.raises(SummandError, match="one row for each person") as refused:
        federation.run(AGE)
    assert "40" not in refused.value.message and "39" not in refused.value.message


def test_a_hub_cannot_ask_for_another_round_at_the_sites_cost() -> None:
    """A private study has its rounds; the state after the last is a result, and no site computes beyond it."""
    with partnership().federation() as federation:
        federation.run(LINEAR)
        (study,) = account(federation).studies("data-east")
        assert (study["rounds"], study["committed"]) == (2, 2)
        with pytest.raises(MethodNotPermitted, match="'km'"):
            federation.run({"name": "km", "formula": "Surv(age, y) ~ 1"})
        assert len(account(federation).studies("data-east")) == 1
