"""A study's rounds: first the cohort is counted, then the method runs, over all sites together or at each by itself.

One path for both release levels. At ``site_level`` every site has a slot of its own in the total, so that opening the
total opens each site's numbers: that is what the agreement permitted by name. At ``total`` there is one slot.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from summand.disclosure import judge_cohort, judge_difference, release
from summand.errors import MethodError, PeerProtocolError, Refusal, SummandError, TotalWouldOverflow
from summand.methods import (
    AcrossSlots,
    Block,
    Layout,
    Local,
    PrivateMethod,
    Result,
    State,
    bounds,
    length,
    rounds_max,
)
from summand.securesum import Codec, default_threshold
from summand.study._cohort import COHORT_BLOCKS, Cohort, difference_block
from summand.study._earlier import Comparison, as_state, read_comparisons
from summand.study._plan import Plan
from summand.study._privacy import COUNTING_SHARE, Noise
from summand.study._released import released
from summand.tables import Array, Limits

ROUNDS_MAX = 200
NOISE_REACH = 40.0
"""Noise is beyond so many standard deviations with a probability below 1e-340: bounds of totals leave room for that."""


@dataclass(frozen=True)
class Finished:
    """The study's result as it may be released."""

    result: dict[str, Any]


ProgramState = dict[str, Any]


class Program:
    """The rounds of one plan, as pure functions of JSON states.

    Args:
        plan: What everybody derives by itself.
        earlier: The cohorts of released studies that this one's is compared with, as the hub lists them; every site looks
            whether those are missing that it knows.
    """

    def __init__(self, plan: Plan, earlier: Sequence[Comparison] = ()) -> None:
        self.plan, self.earlier = plan, tuple(earlier)
        self.slots = len(plan.sites) if plan.at_site_level else 1
        self._read: tuple[ProgramState, list[State | None]] | None = None  # the last state that was read, kept as it is

    def start(self) -> ProgramState:
        """The state of round zero."""
        state: ProgramState = {"phase": "cohort", "round": 0}
        return {**state, "earlier": as_state(self.earlier)} if self.earlier else state

    def layout(self, state: ProgramState) -> Layout:
        """All slots' blocks at this state.

        Raises:
            PeerProtocolError: if the state is not one of this program.
        """
        if state.get("phase") == "cohort":
            return COHORT_BLOCKS * self.slots + difference_block(self.slots * len(earlier_of(state)))
        blocks: list[Block] = []
        for slot in self._slot_states(state):
            blocks.extend(() if slot is None else self.plan.method.layout(slot))
        return tuple(blocks)

    def reveals(self) -> list[str]:
        """What the study's first rounds reveal, a sentence for each block, for a data steward."""
        state = self.plan.method.start()
        blocks = (*COHORT_BLOCKS, *self.plan.method.layout(state))
        return [f"{block.size} × {block.name} [{block.unit}]: {block.reveals}".rstrip(": ") for block in blocks]

    # ── at a site ────────────────────────────────────────────────────────────────────────────────────────────────────
    def slot_of(self, site: str) -> int:
        """The site's slot."""
        return self.plan.sites.index(site) if self.plan.at_site_level else 0

    def slot_state(self, state: ProgramState, site: str) -> State | None:
        """The method's state for this site's slot; None where the slot is done."""
        return self._slot_states(state)[self.slot_of(site)]

    def cohort_summand(self, site: str, rows: int, people: int, dropped: int) -> Array:
        """Round zero's summand of one site.

        Where noise is added, a person is counted once: as a row, or as one left out. That a site takes part tells nothing
        of its rows, so it is counted as it is.
        """
        if self.plan.privacy is not None:
            return self._place(COHORT_BLOCKS, 4, site, np.array([rows, 0, 1, dropped], float))
        return self._place(COHORT_BLOCKS * self.slots, 4, site, np.array([rows, people, rows > 0, dropped], float))

    def with_differences(self, summand: Array, site: str, differences: Array) -> Array:
        """Round zero's summand with by how many people the site's cohort differs from each earlier one.

        Args:
            summand: As `cohort_summand` gives it.
            site: Whose.
            differences: In the order of the state's list; no more than the site's ``rows_max`` counts.
        """
        counted = np.zeros((self.slots, differences.size))
        counted[self.slot_of(site)] = np.minimum(differences, self.plan.rows_max[site])
        return np.concatenate([summand, counted.ravel()])

    def method_summand(self, site: str, state: ProgramState, partial: Any, local: Local) -> tuple[Array, Local]:
        """A later round's summand of one site, from its partial; and its new memory."""
        slot = self.slot_state(state, site)
        layout = self.layout(state)
        if slot is None:
            return np.zeros(length(layout)), local
        own, memory = self.plan.method.condense(partial, slot, local)
        states = self._slot_states(state)
        before = sum(0 if s is None else length(self.plan.method.layout(s)) for s in states[: self.slot_of(site)])
        summand = np.zeros(length(layout))
        summand[before : before + own.size] = own
        return summand, memory

    def noise(self, state: ProgramState) -> tuple[Noise, NDArray[np.bool_]] | None:
        """The noise of a round and which of its numbers get it, shape (length,); None without a privacy budget."""
        privacy, sites = self.plan.privacy, len(self.plan.sites)
        if privacy is None:
            return None
        threshold = default_threshold(sites)
        if state.get("phase") == "cohort":
            where = np.array([True, False, False, True])
            return Noise.of(privacy.neighbours, COUNTING_SHARE * privacy.rho, 2, sites, threshold), where
        method, slot = self._private, self._slot_states(state)[0]
        assert method is not None and slot is not None
        rho = (1.0 - COUNTING_SHARE) * privacy.rho * method.share(slot)
        size = length(self.layout(state))
        noise = Noise.of(privacy.neighbours * method.sensitivity(slot), rho, size, sites, threshold)
        return noise, np.ones(size, dtype=np.bool_)

    def site_bounds(self, state: ProgramState, site: str) -> Array:
        """The most that this site's summand may hold, proved from layout and ``rows_max``: shape (length,)."""
        most = bounds(self.layout(state)) * self.plan.rows_max[site]
        noise = self.noise(state)
        return most if noise is None else most + noise[0].grid  # rounded to the grid

    def codec(self, state: ProgramState) -> Codec:
        """How the round's numbers become ring values: in one word where that is exact, else in two."""
        layout = self.layout(state)
        grain = max((-1 if block.grain is None else block.grain for block in layout), default=-1)
        # noise lies on a grid of its own
        if layout and self.plan.privacy is None and all(block.grain is not None for block in layout):
            try:
                word = Codec.fixed64(self._largest(layout), len(self.plan.sites))
            except TotalWouldOverflow:  # no codec has such a bound; `check_sum` says so
                return Codec.q63_64()
            if word.fraction_bits >= grain:
                return word
        return Codec.q63_64()

    def check_sum(self, state: ProgramState) -> tuple[Codec, int]:
        """The round's codec, proved to hold the total, and the length of its vectors.

        Raises:
            TotalWouldOverflow: if it may not hold it; no data have been read then.
        """
        layout, codec, own, noise = self.layout(state), self.codec(state), 0.0, self.noise(state)
        if noise is not None:
            own = NOISE_REACH * noise[0].own_scale * noise[0].grid
        codec.check(self._largest(layout) + own, len(self.plan.sites))
        return codec, length(layout)

    def _largest(self, layout: Layout) -> float:
        """The most that any number of one site may be."""
        return max((block.bound for block in layout), default=0.0) * max(self.plan.rows_max.values())

    # ── on a total ───────────────────────────────────────────────────────────────────────────────────────────────────
    def is_start(self, state: ProgramState) -> bool:
        """Whether a state is a first one: no sum was opened since the study began, or began again."""
        return state.get("phase") == "cohort"

    def may_go_on(self, state: ProgramState) -> bool:
        """Whether a study may go on with fewer sites once a round at that state has lost some.

        In the first round nothing was opened before, so nothing can be taken apart by the difference. Later, the sums
        before and after would differ by the lost sites' figures: So et al., "Securing secure aggregation", 2021
        (arXiv 2106.03328).
        """
        return self.is_start(state) or self.plan.starts_over

    def update(self, total: Array, state: ProgramState, left_out: Sequence[str] = ()) -> ProgramState | Finished:
        """The next state, or the released result.

        Args:
            total: The round's total.
            state: The round's state.
            left_out: The sites that the study lost so far; the result says who they are.

        Raises:
            Refusal: where the limits forbid going on.
            MethodError: where the statistics say no.
        """
        if state.get("phase") == "cohort":
            counts, differences = np.split(total, [4 * self.slots])
            self._judge_differences(differences.reshape(self.slots, -1), earlier_of(state))
            return self._admit(counts.reshape(self.slots, 4), state, left_out)
        return self._step(total, state)

    def _judge_differences(self, differences: Array, earlier: Sequence[Comparison]) -> None:
        for slot in differences:
            for people, (study, _) in zip(slot, earlier, strict=True):
                judge_difference(round(float(people)), study, self.plan.limits)

    def _admit(self, counts: Array, state: ProgramState, left_out: Sequence[str]) -> ProgramState | Finished:
        if self.plan.privacy is not None:
            rows, dropped = np.maximum(np.rint(counts[0, [0, 3]]), 0.0)
            counts = np.array([[rows, rows, counts[0, 2], dropped]])
        cohorts = [Cohort.of(row) for row in counts]
        limits, method = self.plan.limits, self.plan.method
        parameters = method.parameter_count()
        everyone = Cohort.of(counts.sum(axis=0))
        judge_cohort(everyone.people, everyone.sites, 0 if self.plan.at_site_level else parameters, limits)
        everyone.require_rows_of_people(limits)
        slots: list[dict[str, Any]] = []
        for cohort in cohorts:
            slot: dict[str, Any] = {"cohort": [cohort.rows, cohort.people, cohort.sites, cohort.dropped]}
            if self.plan.at_site_level and _too_few(cohort, parameters, limits):
                slot["ended"] = {"too_few": True}
            else:
                slot["state"] = {}
            slots.append(slot)
        taking_part = tuple(place for place, slot in enumerate(slots) if "state" in slot)
        for place in taking_part:
            start = method.start_slot(place, taking_part) if isinstance(method, AcrossSlots) else method.start()
            slots[place]["state"] = start.to_json()
        following = {"phase": "method", "round": state["round"] + 1, "slots": slots}
        if left_out:
            following["left_out"] = sorted(left_out)
        return self._next(following)

    def _step(self, total: Array, state: ProgramState) -> ProgramState | Finished:
        states = {place: known for place, known in enumerate(self._slot_states(state)) if known is not None}
        totals, start = {}, 0
        for place, known in states.items():
            stop = start + length(self.plan.method.layout(known))
            totals[place], start = total[start:stop], stop
        following = self._following(totals, states, state)
        slots = [
            self._stepped(slot, following[place]) if place in following else slot
            for place, slot in enumerate(state["slots"])
        ]
        return self._next({**state, "round": state["round"] + 1, "slots": slots})

    def _following(
        self, totals: Mapping[int, Array], states: Mapping[int, State], state: ProgramState
    ) -> Mapping[int, State | Result | SummandError]:
        """What follows in each slot: by itself, or from all sites' sums where the method asks for that."""
        method = self.plan.method
        if self._private is not None:
            (place,) = states
            noise = self.noise(state)
            assert noise is not None
            there = len(self.plan.sites) - len(state.get("left_out", ()))
            spread = noise[0].sigma * math.sqrt(there / noise[0].sites_counted)
            return {place: self._private.update_noisy(totals[place], states[place], spread)}
        if self._across is not None:
            return self._across.update_slots(totals, states)
        following: dict[int, State | Result | SummandError] = {}
        for place, known in states.items():
            try:
                following[place] = method.update(totals[place], known)
            except (MethodError, Refusal) as error:
                if not self.plan.at_site_level:
                    raise
                following[place] = error
        return following

    def _stepped(self, slot: dict[str, Any], following: State | Result | SummandError) -> dict[str, Any]:
        if isinstance(following, SummandError):
            return {"cohort": slot["cohort"], "ended": {"error": following.to_public_dict()}}
        if isinstance(following, Result):
            released = release(dict(following.values), self.plan.limits)
            return {"cohort": slot["cohort"], "ended": {"values": released, "warnings": list(following.warnings)}}
        return {"cohort": slot["cohort"], "state": following.to_json()}

    def _next(self, state: ProgramState) -> ProgramState | Finished:
        if any("state" in slot for slot in state["slots"]):
            most = rounds_max(self.plan.method, ROUNDS_MAX)
            if state["round"] > most:
                raise MethodError(f"The study did not end within {most} rounds.", remedy="Ask for a simpler model.")
            return state
        return Finished(released(self.plan, state))

    # ── inside ───────────────────────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def _private(self) -> PrivateMethod | None:
        """The method, if it is one for noisy sums; looked at once: comparing with a protocol is slow."""
        method: Any = self.plan.method
        return method if isinstance(method, PrivateMethod) else None

    @cached_property
    def _across(self) -> AcrossSlots | None:
        """The method, if it is one whose slots follow from each other's sums."""
        method: Any = self.plan.method
        return method if isinstance(method, AcrossSlots) else None

    def _slot_states(self, state: ProgramState) -> Sequence[State | None]:
        if self._read is not None and self._read[0] is state:
            return self._read[1]
        slots = state.get("slots")
        if not isinstance(slots, list) or len(slots) != self.slots:
            raise PeerProtocolError("The state is not one of this study.", remedy="Start the study again.")
        kind = self.plan.method.state_type
        found = [kind.from_json(slot["state"]) if "state" in slot else None for slot in slots]
        self._read = (state, found)
        return found

    def _place(self, layout: Layout, size: int, site: str, own: Array) -> Array:
        summand = np.zeros(length(layout))
        start = self.slot_of(site) * size
        summand[start : start + size] = own
        return summand


def earlier_of(state: ProgramState) -> tuple[Comparison, ...]:
    """The comparisons that a state of round zero lists.

    Raises:
        PeerProtocolError: if they are malformed.
    """
    return read_comparisons(state.get("earlier", []))


def _too_few(cohort: Cohort, parameters: int, limits: Limits) -> bool:
    try:
        judge_cohort(cohort.people, limits.minimum_sites, parameters, limits)
    except Refusal:
        return True
    return cohort.rows == 0
