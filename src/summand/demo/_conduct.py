"""The main job step by step, over any network: agreement, data, studies, refusal, goals, settlement, ledger."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol

from summand.agreement import SignedAgreement, verify_signatures
from summand.demo import _parts as parts
from summand.demo._case import Case
from summand.demo._compare import Comparison, compare
from summand.demo._network import DemoNetwork
from summand.demo._partnership import evaluation_study, partnership_part
from summand.demo._studies import Study, forbidden_study
from summand.errors import OwnProtocolError, Refusal, SummandError
from summand.outcomes import measure_goal, measured_document
from summand.sharing import ReleasedCounts, settle


class PooledFits(Protocol):
    """The independent library in another process; `summand.demo._reference.Reference` is one."""

    def fit(self, name: str, *, leaf_index: int) -> dict[str, Any]:
        """One pooled fit, for a result that is in the ledger."""


class Audience(Protocol):
    """Who watches: is told of each step as it begins, and shown each part as it is there."""

    def step(self, text: str) -> None:
        """A step begins."""

    def show(self, part: str, value: Any) -> None:
        """A part of the document is complete."""


@dataclass
class Conduct:
    """One run.

    Attributes:
        case: What is run.
        signed: Its agreement with all signatures.
        network: Hub and sites.
        pooled: The reference process.
        audience: Who watches.
    """

    case: Case
    signed: SignedAgreement
    network: DemoNetwork
    pooled: PooledFits
    audience: Audience
    _results: dict[str, dict[str, Any]] = field(default_factory=dict)
    _clock: Callable[[], float] = time.monotonic

    def run(self) -> dict[str, Any]:
        """Everything that ``result.json`` holds, in its order.

        Raises:
            SummandError: whatever stops the demonstration.
        """
        started, begun = datetime.now(UTC), self._clock()
        document: dict[str, Any] = {
            "format": parts.FORMAT, "demo": self.case.name, "title": self.case.title,
            "started_at": started.isoformat(timespec="seconds"),
        }  # fmt: skip
        for name, make in self._parts().items():
            document[name] = make()
            self.audience.show(name, document[name])
        document["processes"] = self.network.process_count
        document["elapsed_seconds"] = round(self._clock() - begun, 3)
        return document

    def _parts(self) -> dict[str, Callable[[], Any]]:
        found: dict[str, Callable[[], Any]] = {
            "labels": lambda: parts.labels_part(self.case),
            "agreement": self._agreement,
            "data": self._data,
            "studies": self._studies,
            "comparison": self._comparison,
            "partnership": self._partnership,
            "refusal": self._refusal,
            "goals": self._goals,
            "settlement": self._settlement,
            "ledger": self._ledger,
            "who_learns_what": self._who_learns_what,
        }
        if not any(study.key == "own_models" for study in self.case.studies):
            del found["partnership"]
        return found

    def _agreement(self) -> dict[str, Any]:
        self.audience.step("Verifying every party's signature on the agreement")
        report = verify_signatures(self.signed)
        self.signed.require_effective()
        return parts.agreement_part(self.case, self.signed, report)

    def _data(self) -> dict[str, Any]:
        self.audience.step("Checking each site's data against the dictionary")
        checks = self.network.data_checks()
        first = self.case.studies[0]
        self._ask(first)
        return parts.data_part(self.case, checks, self._results[first.key]["result"])

    def _studies(self) -> list[dict[str, Any]]:
        for study in self.case.studies[1:]:
            self._ask(study)
        if "own_models" in self._results:
            self._ask(evaluation_study(self._results["logistic"]["result"], self._results["own_models"]["result"]))
        return list(self._results.values())

    def _ask(self, study: Study) -> None:
        self.audience.step(study.title)
        begun = self._clock()
        result = self.network.asker.run(
            study.method, purpose=study.purpose, release_level=study.release_level, profile=study.profile,
            title=study.title,
        )  # fmt: skip
        seconds = self._clock() - begun
        leaf = self.network.leaf_index(result)
        if leaf < 0:
            raise OwnProtocolError(
                f"The result of '{study.title}' is not in the ledger.", remedy="Report this defect; do not use it."
            )
        self._results[study.key] = {
            "key": study.key, "title": study.title, "series": study.series, "method": dict(study.method), "release_level": study.release_level,
            "profile": study.profile or self.case.agreement.profile_name, "study_id": result.study_id,
            "result_hash": result.result_hash, "leaf_index": leaf, "seconds": round(seconds, 3),
            "result": result.to_dict(),
        }  # fmt: skip

    def _comparison(self) -> dict[str, Any]:
        self.audience.step("Fitting the pooled records with an independent library, in another process")
        found: list[Comparison] = []
        for study in self.case.studies:
            if study.reference is None:
                continue
            entry = self._results[study.key]
            pooled = self.pooled.fit(study.reference, leaf_index=entry["leaf_index"])
            found.append(compare(study.key, study.reference, entry["result"], pooled, entry["leaf_index"]))
            entry["reference"] = pooled
        return parts.comparison_part(found)

    def _partnership(self) -> dict[str, Any]:
        return partnership_part(self._results)

    def _refusal(self) -> dict[str, Any]:
        self.audience.step("Asking for a purpose that the agreement forbids")
        study = forbidden_study(self.case.studies[0].method)
        try:
            self.network.asker.run(study.method, purpose=study.purpose, title=study.title)
        except Refusal as refused:
            refusals: list[Mapping[str, Any]] = list(getattr(refused, "refusals", ()))
            return parts.refusal_part(study.purpose, refused.to_public_dict(), refusals, study.method)
        except SummandError as error:
            raise OwnProtocolError(
                f"The forbidden study ended with '{error.code}', not with a refusal.", remedy="Report this defect."
            ) from error
        raise OwnProtocolError("The sites ran a study whose purpose is forbidden.", remedy="Report this defect.")

    def _goals(self) -> list[dict[str, Any]]:
        self.audience.step("Measuring the goals of the agreement")
        return [self._goal(goal, self._results[study]) for goal, study in self.case.goal_studies.items()]

    def _goal(self, goal: str, entry: dict[str, Any]) -> dict[str, Any]:
        found = measure_goal(self.case.agreement, goal, entry["result"], entry["study_id"])
        agreed = next(item for item in self.case.agreement.purpose.goals if item.id == goal)
        measured, told = found.measurement.value is not None, found.to_dict()
        document = measured_document(agreed, f"{datetime.now(UTC):%Y-%m}", found.measurement) if measured else told
        digest = self.network.asker.state("goal.measured", document, study_id=entry["study_id"], inside=measured)
        return {**told, "document_sha256": digest}

    def _settlement(self) -> dict[str, Any]:
        self.audience.step("Splitting the cost by the agreement's formula")
        entry = self._results["contribution"]
        counts = {party: int(values["n"]) for party, values in entry["result"]["by_site"].items()}
        released = ReleasedCounts(counts, entry["study_id"], entry["release_level"], entry["profile"])
        found = parts.settlement_part(settle(self.case.agreement, released))
        digest = self.network.asker.state("settlement.statement", found, study_id=entry["study_id"])
        return {**found, "document_sha256": digest}

    def _ledger(self) -> dict[str, Any]:
        self.audience.step("Verifying the ledger at every site")
        checks = self.network.replica_checks()
        return parts.ledger_part(checks, checks[0].entry_types if checks else ())

    def _who_learns_what(self) -> list[dict[str, str]]:
        return [{"who": who, "learns": learns, "never": never} for who, learns, never in parts.WHO_LEARNS_WHAT]
