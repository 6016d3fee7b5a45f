"""The tree of everything that can go wrong, drawn before it is defined.

::

    SummandError(message, remedy, clause=None, public=None)
    ├─ UsageError           the command or the call was put wrongly: KeyLocked · OrganisationInvalid ·
    │                       OrganisationUnknown
    ├─ AgreementError       AgreementSyntaxError · AgreementIncomplete · SignatureInvalid · AgreementNotInForce ·
    │                       ContributionUnknown · CostsNotCovered · SettlementInvalid · IndicatorInvalid · ActInvalid
    ├─ Refusal              the site says no: PurposeNotPermitted · DatasetNotPermitted · MethodNotPermitted ·
    │                       ColumnNotPermitted · ReleaseNotPermitted · CohortTooSmall · CohortTooSimilar ·
    │                       ModelNotReleased · BudgetExceeded · TooManyParameters · ApprovalMissing ·
    │                       RequesterNotPermitted · StudyReplayed · HolderVeto · SiteStopped
    ├─ DataError            SourceUnreadable · SourceEmpty · ColumnMissing · ColumnUnknown · ValueOutOfRange ·
    │                       CategoryUnknown · ValueNotNumeric · ValueOffStep · ValueMissing · SourceChanged ·
    │                       DictionaryInvalid · SeriesInvalid · SurveyInvalid · StatusInvalid
    ├─ MethodError          FormulaInvalid · NotConverged · Separation · SingularInformation · OutcomeConstant
    ├─ SumError             TooFewSites · ShareInvalid · TotalWouldOverflow · StateDisagrees · RoundReplayed ·
    │                       SetupInvalid · CertificateInvalid · PinnedCohort · ResultSealed
    ├─ VerificationError    CheckpointInvalid · InclusionProofInvalid · ConsistencyProofInvalid · SplitView ·
    │                       AwaitingWitnesses · EntryInvalid
    ├─ StorageFailed        a disk did not keep what it was given
    ├─ TransportError       SiteUnreachable · RoundTimedOut · PeerProtocolError · OwnProtocolError · BodyTooLarge ·
    │                       StrangerRefused · DeliveryFailed
    └─ PortalError          NotHere · NotPermitted · SignInRefused · TooManyAttempts · FormRefused

Whose turn it is lies in the type: a `Refusal` is a site's right and is recorded, not logged as a failure; a
`DataError` is for the site's own data manager; a `TransportError` may be tried again where ``retryable`` is true.

Each error carries two texts, because even a refusal can disclose: ``message`` stays with the party whose data or key
it is about, ``public`` (the message itself unless another text is given) is what others, the ledger and the pages see.
No error text ever holds a patient's value: names, limits and counts above the minimum cell only.
"""

from __future__ import annotations

from typing import Any, ClassVar


class SummandError(Exception):
    """Something went wrong and this says what, under which clause or limit, and what to do next.

    Args:
        message: What happened, which clause or limit, what was found.
        remedy: What to do next.
        clause: The clause of the agreement that decided, such as ``"C.purposes"``; None if no clause did.
        public: The text that may leave the site; ``message`` if not given.
    """

    code: ClassVar[str] = "internal"
    exit_code: ClassVar[int] = 1
    http_status: ClassVar[int] = 500
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, remedy: str, clause: str | None = None, public: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy
        self.clause = clause
        self.public = message if public is None else public

    def __str__(self) -> str:
        where = f" (clause {self.clause})" if self.clause else ""
        return f"{self.message}{where} {self.remedy}"

    def to_dict(self) -> dict[str, Any]:
        """The error as the owner of the data or key sees it."""
        return self._as_dict(self.message)

    def to_public_dict(self) -> dict[str, Any]:
        """The error as other parties, the ledger and the pages see it."""
        return self._as_dict(self.public)

    def _as_dict(self, message: str) -> dict[str, Any]:
        out: dict[str, Any] = {"code": self.code, "message": message, "remedy": self.remedy}
        if self.clause is not None:
            out["clause"] = self.clause
        return out


class UsageError(SummandError):
    """The command line or the call was put wrongly."""

    code, exit_code, http_status = "usage", 2, 400


class KeyLocked(UsageError):
    """A private key is locked with a passphrase that is not there, or is another one."""

    code = "usage.key_locked"


class OrganisationInvalid(UsageError):
    """An entry of the directory, or a part of it, is not what it must be.

    ``field`` is the field that does not fit, its path with dots; empty where none is meant.
    """

    code, http_status = "usage.organisation_invalid", 422

    def __init__(self, message: str, *, remedy: str, clause: str | None = None, field: str = "") -> None:
        super().__init__(message, remedy=remedy, clause=clause)
        self.field = field


class OrganisationUnknown(UsageError):
    """The directory has no organisation of that identifier."""

    code, http_status = "usage.organisation_unknown", 404


# ── the agreement ────────────────────────────────────────────────────────────────────────────────────────────────────
class AgreementError(SummandError):
    """The agreement is not what it must be."""

    code, exit_code, http_status = "agreement.invalid", 10, 422


class AgreementSyntaxError(AgreementError):
    """A field is unknown, missing or of the wrong kind.

    ``pointer`` is where: a JSON Pointer (RFC 6901), with the line in the file where it is known.
    """

    code = "agreement.syntax"

    def __init__(
        self, message: str, *, remedy: str, pointer: str = "", line: int | None = None, clause: str | None = None
    ) -> None:
        super().__init__(message, remedy=remedy, clause=clause)
        self.pointer = pointer
        self.line = line

    def to_dict(self) -> dict[str, Any]:
        """As `SummandError.to_dict`, with the pointer and the line."""
        return {**super().to_dict(), "pointer": self.pointer, "line": self.line}


class AgreementIncomplete(AgreementError):
    """Clauses that must be there are missing or still read "needs counsel"; ``findings`` names each of them."""

    code = "agreement.incomplete"

    def __init__(
        self, message: str, *, remedy: str, clause: str | None = None, findings: tuple[dict[str, Any], ...] = ()
    ) -> None:
        super().__init__(message, remedy=remedy, clause=clause)
        self.findings = findings

    def to_dict(self) -> dict[str, Any]:
        """As `SummandError.to_dict`, with the findings."""
        return {**super().to_dict(), "findings": list(self.findings)}


class SignatureInvalid(AgreementError):
    """A signature does not verify, or its key is not the one the agreement names."""

    code, http_status = "agreement.signature_invalid", 403


class AgreementNotInForce(AgreementError):
    """The agreement is not active: not yet signed by all, before its start, past its end, suspended or terminated."""

    code, http_status = "agreement.not_in_force", 403


class ContributionUnknown(AgreementError):
    """A cost split needs a quantity that nobody may know, that was not released, or that the clause does not define."""

    code = "agreement.contribution_unknown"


class CostsNotCovered(AgreementError):
    """Weights, caps or amounts leave a part of the cost to nobody."""

    code = "agreement.costs_not_covered"


class SettlementInvalid(AgreementError):
    """A game, a waterfall or a record of a register is not one that can be settled."""

    code = "agreement.settlement_invalid"


class IndicatorInvalid(AgreementError):
    """A goal's indicator is not one that can be measured from a study."""

    code = "agreement.indicator_invalid"


class ActInvalid(AgreementError):
    """An act of governance is malformed, not its author's to make, or comes too late."""

    code = "agreement.act_invalid"


# ── the guard ────────────────────────────────────────────────────────────────────────────────────────────────────────
class Refusal(SummandError):
    """The site says no. Recorded in the ledger with its clause; not a failure."""

    code, exit_code, http_status = "guard.refused", 11, 403


class PurposeNotPermitted(Refusal):
    """The study's purpose is not one the agreement permits, or is one it or the law prohibits."""

    code = "guard.purpose_not_permitted"


class DatasetNotPermitted(Refusal):
    """The dataset is not in the agreement, or not for this purpose or requester."""

    code = "guard.dataset_not_permitted"


class MethodNotPermitted(Refusal):
    """The method, or one of its parameters, is not among the computations the agreement allows."""

    code = "guard.method_not_permitted"


class ColumnNotPermitted(Refusal):
    """The study reads a column that the agreement does not open to it."""

    code = "guard.column_not_permitted"


class ReleaseNotPermitted(Refusal):
    """The agreement does not permit this release level or disclosure profile."""

    code = "guard.release_not_permitted"


class CohortTooSmall(Refusal):
    """Fewer people or sites than the agreement's limit; judged on totals, never per site."""

    code = "guard.cohort_too_small"


class CohortTooSimilar(Refusal):
    """The cohort differs from that of an earlier released study by fewer people than the minimum cell."""

    code = "guard.cohort_too_similar"


class ModelNotReleased(Refusal):
    """A model to be judged is not one that an earlier study released, and nobody approved it."""

    code = "guard.model_not_released"


class BudgetExceeded(Refusal):
    """The study would spend more of the privacy budget than is left, or than one study may."""

    code = "guard.budget_exceeded"


class TooManyParameters(Refusal):
    """More model parameters than the profile allows for this many people."""

    code = "guard.too_many_parameters"


class ApprovalMissing(Refusal):
    """The agreement asks for an approval that is not there, not valid or expired."""

    code = "guard.approval_missing"


class RequesterNotPermitted(Refusal):
    """The requester is not a person of the agreement with a valid key and the role for this."""

    code = "guard.requester_not_permitted"


class StudyReplayed(Refusal):
    """This study identifier or request was already used."""

    code = "guard.study_replayed"


class HolderVeto(Refusal):
    """The data holder vetoed this study's use of its own data."""

    code = "guard.holder_veto"


class SiteStopped(Refusal):
    """The data holder used its emergency stop: the site answers nothing until it is lifted."""

    code = "guard.site_stopped"


# ── the data ─────────────────────────────────────────────────────────────────────────────────────────────────────────
class DataError(SummandError):
    """The data are not what the dictionary says. Names and counts only, never values."""

    code, exit_code, http_status = "data.invalid", 12, 422


class SourceUnreadable(DataError):
    """The file is not CSV or Parquet, or cannot be opened."""

    code = "data.unreadable"


class SourceEmpty(DataError):
    """The file has no bytes, or no header."""

    code = "data.empty"


class ColumnMissing(DataError):
    """A column of the dictionary or of the study is not in the file."""

    code = "data.column_missing"


class ColumnUnknown(DataError):
    """The file has a column that the dictionary does not know."""

    code = "data.column_unknown"


class ValueOutOfRange(DataError):
    """Some values lie outside the dictionary's range."""

    code = "data.value_out_of_range"


class CategoryUnknown(DataError):
    """Some values are not among the dictionary's levels."""

    code = "data.category_unknown"


class ValueNotNumeric(DataError):
    """Some cells of a numeric column hold text."""

    code = "data.value_not_numeric"


class ValueOffStep(DataError):
    """Some values are finer than the dictionary's step, such as 1.5 in a column of whole numbers."""

    code = "data.value_off_step"


class ValueMissing(DataError):
    """Cells that must not be empty are: a required column's, or a person identifier."""

    code = "data.value_missing"


class SourceChanged(DataError):
    """The file is not the one that was opened: a study never mixes two versions of its data."""

    code, http_status = "data.changed", 409


class DictionaryInvalid(DataError):
    """A dictionary is not a Table Schema as we read it; ``pointer`` (RFC 6901) is where."""

    code = "data.dictionary_invalid"

    def __init__(
        self, message: str, *, remedy: str, clause: str | None = None, public: str | None = None, pointer: str = ""
    ) -> None:
        super().__init__(message, remedy=remedy, clause=clause, public=public)
        self.pointer = pointer

    def to_dict(self) -> dict[str, Any]:
        """As `SummandError.to_dict`, with the pointer."""
        return {**super().to_dict(), "pointer": self.pointer}


class SeriesInvalid(DataError):
    """A series over time is too short, out of form, or re-based without a reason."""

    code = "data.series_invalid"


class SurveyInvalid(DataError):
    """Answers to a survey are out of form, not stated in the ledger, or not their author's."""

    code = "data.survey_invalid"


class StatusInvalid(DataError):
    """An event indicator is neither 0/1 nor 1/2."""

    code = "data.status_invalid"


# ── the methods ──────────────────────────────────────────────────────────────────────────────────────────────────────
class MethodError(SummandError):
    """The statistics say no; the message diagnoses, the remedy advises."""

    code, exit_code, http_status = "method.failed", 13, 422


class FormulaInvalid(MethodError):
    """The formula is outside the grammar."""

    code = "method.formula_invalid"


class NotConverged(MethodError):
    """The iteration limit was reached."""

    code = "method.not_converged"


class Separation(MethodError):
    """The maximum-likelihood estimate does not exist: a combination of covariates predicts the outcome perfectly."""

    code = "method.separation"


class SingularInformation(MethodError):
    """Some covariates are a linear combination of the others."""

    code = "method.singular"


class OutcomeConstant(MethodError):
    """The outcome does not vary over all sites together, or nobody has the event."""

    code = "method.outcome_constant"


# ── the secure sum ───────────────────────────────────────────────────────────────────────────────────────────────────
class SumError(SummandError):
    """The round stops; never a warning."""

    code, exit_code, http_status = "sum.failed", 14, 409


class TooFewSites(SumError):
    """Fewer sites than the threshold remain, or a site of the cohort did not upload."""

    code = "sum.too_few_sites"


class ShareInvalid(SumError):
    """A share does not decrypt or does not fit."""

    code = "sum.share_invalid"


class TotalWouldOverflow(SumError):
    """The bound proved from the layout does not fit the codec; decided before data are read."""

    code = "sum.total_would_overflow"


class StateDisagrees(SumError):
    """The broadcast state is not what `update` gives on the last total: the site will not compute at it."""

    code = "sum.state_disagrees"


class RoundReplayed(SumError):
    """A round was opened again with another content; one upload per context, ever."""

    code = "sum.round_replayed"


class SetupInvalid(SumError):
    """A key record, sealed key or cohort signature does not verify."""

    code = "sum.setup_invalid"


class CertificateInvalid(SumError):
    """Too few witnesses signed who uploaded in a round: no share is given for that set."""

    code = "sum.certificate_invalid"


class PinnedCohort(SumError):
    """A study was to go on with fewer sites after a sum over more of them: the difference would be the others' figures."""

    code = "sum.pinned_cohort"


class ResultSealed(SumError):
    """A result of a study whose hub is blind does not open: another key, or too few sites agreed."""

    code = "sum.result_sealed"


# ── verification ─────────────────────────────────────────────────────────────────────────────────────────────────────
class VerificationError(SummandError):
    """The only way a ``verify_…`` function fails."""

    code, exit_code, http_status = "verify.failed", 15, 422


class CheckpointInvalid(VerificationError):
    """A checkpoint is malformed or not signed by the log's key."""

    code = "verify.checkpoint_invalid"


class InclusionProofInvalid(VerificationError):
    """The leaf is not proved to be in the tree (RFC 9162 §2.1.3)."""

    code = "verify.inclusion_invalid"


class ConsistencyProofInvalid(VerificationError):
    """The new tree is not proved to extend the old one (RFC 9162 §2.1.4)."""

    code = "verify.consistency_invalid"


class SplitView(VerificationError):
    """Two checkpoints of one log contradict each other: the hub showed different histories."""

    code = "verify.split_view"


class AwaitingWitnesses(VerificationError):
    """A result was released, but fewer sites than the agreement asks have cosigned a checkpoint over its release."""

    code, http_status = "verify.awaiting_witnesses", 409


class EntryInvalid(VerificationError):
    """A stored ledger entry or tile is not what its hash says."""

    code = "verify.entry_invalid"


class StorageFailed(SummandError):
    """A disk did not read or keep what it was given: the process stops rather than guess what is durable."""

    code, exit_code, http_status = "storage.failed", 17, 503


# ── transport ────────────────────────────────────────────────────────────────────────────────────────────────────────
class TransportError(SummandError):
    """A message did not get through, or was not one."""

    code, exit_code, http_status = "transport.failed", 16, 400


class SiteUnreachable(TransportError):
    """The other end does not answer."""

    code, http_status, retryable = "transport.unreachable", 503, True


class RoundTimedOut(TransportError):
    """A site stayed away past the round's deadline; the study ended."""

    code, http_status = "transport.round_timed_out", 504


class PeerProtocolError(TransportError):
    """The other end sent something that is not a message of this protocol."""

    code = "transport.peer_protocol"


class OwnProtocolError(TransportError):
    """We were about to send something that is not a message of this protocol: a defect here."""

    code, http_status = "transport.own_protocol", 500


class BodyTooLarge(TransportError):
    """The body is over the size limit."""

    code, http_status = "transport.body_too_large", 413


class StrangerRefused(TransportError):
    """The sender's key is not one this federation knows."""

    code, http_status = "transport.stranger", 403


# ── the portal ───────────────────────────────────────────────────────────────────────────────────────────────────────
class PortalError(SummandError):
    """A page cannot be given, or what was sent to it cannot be taken."""

    code, exit_code, http_status = "portal.refused", 18, 400


class NotHere(PortalError):
    """There is no such page, or it is not one that this person's organisation may see: the answer is the same."""

    code, http_status = "portal.not_here", 404


class NotPermitted(PortalError):
    """The person's roles do not include what the page asks, or the form was not sent from one of our own pages."""

    code, http_status = "portal.not_permitted", 403


class SignInRefused(PortalError):
    """Sign-in name and password do not belong together, or the one-time link counts no more."""

    code, http_status = "portal.sign_in_refused", 401


class TooManyAttempts(PortalError):
    """Somebody tried too often within a short time."""

    code, http_status, retryable = "portal.too_many_attempts", 429, True


class FormRefused(PortalError):
    """A field of a form cannot be taken as it is; ``field`` is its name."""

    code, http_status = "portal.form_refused", 422

    def __init__(
        self, message: str, *, remedy: str, clause: str | None = None, public: str | None = None, field: str = ""
    ) -> None:
        super().__init__(message, remedy=remedy, clause=clause, public=public)
        self.field = field


class DeliveryFailed(TransportError):
    """A letter or webhook was not taken by the server that it was given to."""

    code, http_status, retryable = "transport.delivery_failed", 502, True


def by_code() -> dict[str, type[SummandError]]:
    """Every class of the tree by its stable code."""
    found: dict[str, type[SummandError]] = {}
    queue: list[type[SummandError]] = [SummandError]
    while queue:
        kind = queue.pop()
        found[kind.code] = kind
        queue.extend(kind.__subclasses__())
    return found


def from_dict(fields: dict[str, Any]) -> SummandError:
    """Rebuild an error that travelled as JSON; an unknown code becomes the root class with the code in the message."""
    code = str(fields.get("code", "internal"))
    message, remedy = str(fields.get("message", "")), str(fields.get("remedy", ""))
    clause = fields.get("clause")
    kind = by_code().get(code, SummandError)
    return kind(message, remedy=remedy, clause=None if clause is None else str(clause))
