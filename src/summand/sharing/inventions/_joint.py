"""Joint ownership: four questions for each territory, and what the law says where the contract is silent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from summand.sharing._records import STRICT, Name, Text

JOINT_QUESTIONS = {
    "may_work": "May each owner work the invention itself?",
    "may_license": "May an owner license it, not exclusively, without the others?",
    "accounts": "Does an owner share with the others what it earns?",
    "may_sue": "May an owner sue alone?",
}
"""What joint owners have to answer, for every territory."""

Territory = Literal["US", "GB", "DE", "FR", "JP", "CN", "KR", "EP", "other"]


@dataclass(frozen=True)
class FourAnswers:
    """The owners' answers for one territory; ``note`` names conditions such as "in its own field"."""

    __pydantic_config__: ClassVar[Any] = STRICT
    territory: Name
    may_work: Literal["yes", "no"]
    may_license: Literal["yes", "no", "with consent of all"]
    accounts: Literal["yes", "no"]
    may_sue: Literal["yes", "no", "joining the others"]
    note: Text = ""


@dataclass(frozen=True)
class JointLaw:
    """What the law of a territory says of joint patents where the contract is silent.

    Attributes:
        source: The provision.
        may_work, may_license, accounts, may_sue: In words.
        is_confirmed: Whether the provision itself was read; otherwise it is as commonly reported, and counsel confirms it.
    """

    source: str
    may_work: str
    may_license: str
    accounts: str
    may_sue: str
    is_confirmed: bool


JOINT_LAW = {
    "US": JointLaw("35 USC 262", "free", "free", "no", "no, all must join", True),
    "GB": JointLaw("Patents Act 1977 s 36", "free", "consent of all", "no", "yes, joining the others", False),
    "DE": JointLaw(
        "BGB 741 ff", "free if it does not disturb", "majority or consent", "fair compensation possible", "yes, for all",
        False,
    ),
    "FR": JointLaw(
        "CPI L613-29", "free, with indemnity", "notice and offer; exclusive needs all or the court", "compensation",
        "yes, with notice", False,
    ),
    "JP": JointLaw("Patent Act art 73", "free", "consent", "no", "yes", False),
    "CN": JointLaw("Patent Law art 14 (2021)", "free", "free, not exclusively", "licence income is shared", "generally yes", True),
    "KR": JointLaw("Patent Act art 99", "free", "consent", "no", "yes", False),
}  # fmt: skip
"""Shown beside the four questions, so that nobody takes silence for an answer. Signposts for counsel, not advice."""
