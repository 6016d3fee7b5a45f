"""Differencing, at a site: its cohorts are compared with those of released studies, and what was asked is remembered.

The distances are summed over all sites in round zero and judged there, like every other count: a site that judged by
itself would refuse for its own few rows with a missing value, and give their number away by refusing.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np

from summand.disclosure import judge_difference
from summand.encoding import dump, parse
from summand.errors import ColumnMissing, PeerProtocolError, StateDisagrees, SummandError
from summand.guard import Release
from summand.site._cohorts import cohorts_of, people_apart
from summand.site._record import Asked, Words
from summand.study import CohortShape, Plan, Program, SignedStudy, comparisons, earlier_of, question_of
from summand.tables import Array
from summand.transport import Message

if TYPE_CHECKING:
    from summand.site._agent import Agent


def releases(agent: Agent, study: SignedStudy) -> tuple[Release, ...]:
    """What the guard may know of released studies: those that asked the same, and those that the models name."""
    try:
        question = question_of(study.request)
        known = {item.study: item for item in agent.record.answering(question)}
        models = study.request.method.get("models")
        named = [model.get("study") for model in models if isinstance(model, dict)] if isinstance(models, list) else []
    except SummandError:
        return ()  # the guard says what is wrong with the request
    for name in named:
        item = agent.record.asked(agent.history().answering(name)) if isinstance(name, str) else None
        if item is not None and item.confirmed is not None:
            known[item.study] = item
    same = _digests_now(agent, study) if any(item.question == question for item in known.values()) else None
    return tuple(_release(agent, item, same if item.question == question else None) for item in known.values())


def _release(agent: Agent, item: Asked, now: dict[str, str] | None) -> Release:
    result: Any = None if item.result is None else parse(item.result, "released result")
    unchanged = now is not None and now == agent.record.digests(item.study)
    request = SignedStudy.from_dict(parse(item.request, "study")).request
    return Release(item.study, item.question, unchanged, request, result if isinstance(result, dict) else None)


def _digests_now(agent: Agent, study: SignedStudy) -> dict[str, str] | None:
    """The digests of the cohorts that the study would have here; None where they cannot be read."""
    try:
        plan = Plan.of(study, agent.agreement(study.request.agreement_hash).agreement)
        found = cohorts_of(agent.source(Program(plan)), plan.method, agent.record.seed)
    except SummandError:
        return None
    return {label: hashlib.sha256(words.tobytes()).hexdigest() for label, words in found.items()}


def check_start(agent: Agent, program: Program, state: dict[str, Any]) -> None:
    """Refuse a first state that is not the study's, or leaves out a released cohort that this site knows.

    Raises:
        StateDisagrees: and nothing is read then.
    """
    listed = set(earlier_of(state))
    known: set[tuple[str, str]] = set()
    if program.plan.is_compared:
        shape = CohortShape.of(program.plan.method)
        dataset = program.plan.dataset_of[agent.site]
        known = set(comparisons(shape, ((item.study, item.shape) for item in agent.record.confirmed(dataset))))
    rest = {name: value for name, value in state.items() if name != "earlier"}
    if rest != Program(program.plan).start() or not known <= listed or (listed and not program.plan.is_compared):
        raise StateDisagrees(
            "The hub's first state is not the study's, or leaves out an earlier study that this site took part in.",
            remedy="Ask the hub's operator why. If a study of the same data was released just now, ask again.",
        )


def counted(agent: Agent, program: Program, state: dict[str, Any], summand: Array) -> Array:
    """Round zero's summand with the distances from earlier cohorts; this study's own are kept before it leaves.

    Raises:
        DataError: if the rows cannot be read.
    """
    plan = program.plan
    if not plan.is_recorded:
        return summand
    source, seed = agent.source(program), agent.record.seed
    own = cohorts_of(source, plan.method, seed)
    memory = agent.store.study(plan.study_id)
    agent.record.count(
        plan.study_id, plan.dataset_of[agent.site], question_of(plan.request), CohortShape.of(plan.method),
        b"" if memory is None else memory.request, own,
    )  # fmt: skip
    earlier = earlier_of(state)
    if not earlier:
        return summand
    apart = _Distances(agent, program, own)
    return program.with_differences(summand, agent.site, np.array([apart.of(*one) for one in earlier], dtype=float))


class _Distances:
    """The distances of one study's cohorts from earlier ones; rows are read once for each set of columns."""

    def __init__(self, agent: Agent, program: Program, own: dict[str, Words]) -> None:
        self._agent, self._program = agent, program
        shape = CohortShape.of(program.plan.method)
        self._own = {shape.columns: own}
        self._found: dict[tuple[str, str], int] = {}

    def of(self, study: str, label: str) -> int:
        """By how many of this site's people the cohorts called ``label`` differ."""
        record = self._agent.record
        earlier = record.asked(study)
        if earlier is None or earlier.dataset != self._program.plan.dataset_of[self._agent.site]:
            return _labelled(self._own[next(iter(self._own))], label).size  # this site was not in it: all are new
        place = label if label in earlier.shape.labels else ""
        key = (record.digests(study)[place], label)
        if key not in self._found:
            own = _labelled(self._under(earlier.shape.columns), label)
            then = record.rows(study, place)
            self._found[key] = own.size if then is None else people_apart(own, then)
        return self._found[key]

    def _under(self, columns: tuple[str, ...]) -> dict[str, Words]:
        if columns not in self._own:
            source, method = self._agent.source(self._program), self._program.plan.method
            try:
                found = cohorts_of(source, method, self._agent.record.seed, values_of=columns)
            except ColumnMissing:  # an amended dictionary: by whose rows they are alone, all count as changed
                found = {label: words + np.uint64(1) for label, words in self._own[next(iter(self._own))].items()}
            self._own[columns] = found
        return self._own[columns]


def _labelled(cohorts: dict[str, Words], label: str) -> Words:
    return cohorts.get(label, cohorts[""])


def confirm(agent: Agent, program: Program, result: dict[str, Any]) -> None:
    """Remember a result that this site is about to confirm.

    A study that was released while this one ran stood in no list: the site compares its own rows with that one's now.

    Raises:
        CohortTooSimilar: if its cohort here differs by a few people only.
    """
    plan = program.plan
    if not plan.is_recorded:
        return
    mine = agent.record.asked(plan.study_id)
    if mine is None:
        raise PeerProtocolError("A result came of a study that was never counted.", remedy="Start the study again.")
    others = [one for one in agent.record.confirmed(mine.dataset, mine.seen) if one.study != plan.study_id]
    if others and plan.is_compared:
        apart = _Distances(agent, program, cohorts_of(agent.source(program), plan.method, agent.record.seed))
        for other in others:
            for label in mine.shape.compared_with(other.shape):
                judge_difference(apart.of(other.study, label), other.study, plan.limits)
    agent.record.confirm(plan.study_id, dump(result))


def ended(agent: Agent, message: Message) -> None:
    """A study is over: one that was released stays remembered, though this site was too late to confirm it."""
    agent.budget.close(message.study)
    note = parse(message.body, "study.ended")
    if isinstance(note, dict) and note.get("status") == "released":
        agent.record.confirm(message.study, None)
    else:
        agent.record.forget(message.study)
