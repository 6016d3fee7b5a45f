"""The register of inventions: background, foreground, sideground and tail; disclosures with their clocks; joint ownership.

Promise: an invention is received when its disclosure came into the ledger, and every deadline says from which day, by
which rule and how many days are left. Nothing joint is recorded without the four answers for every territory. What is
confidential, an invention's description and its inventors' names, stays outside by its hash.

    >>> sorted(INVENTION_ACTS)[0]
    'claim.noticed'
"""

from summand.sharing.inventions._acts import (
    INVENTION_ACTS,
    ClaimNoticed,
    ClaimTolled,
    Contributor,
    InventionClassified,
    InventionDisclosed,
    InventionElected,
    InventionFiled,
    InventionPublished,
    InventionReported,
    JointOwnership,
    PriorDisclosure,
)
from summand.sharing.inventions._claims import LIMITATION_RULES, ClaimLine, LimitationRule, limitation_ends
from summand.sharing.inventions._classes import INVENTION_CLASSES, proposed_class
from summand.sharing.inventions._clocks import Clock, ClockStanding
from summand.sharing.inventions._joint import JOINT_LAW, JOINT_QUESTIONS, FourAnswers, JointLaw
from summand.sharing.inventions._register import (
    BackgroundLine,
    InventionLine,
    InventionRegister,
    JointLine,
    invention_register,
)

__all__ = [
    "INVENTION_ACTS",
    "INVENTION_CLASSES",
    "JOINT_LAW",
    "JOINT_QUESTIONS",
    "LIMITATION_RULES",
    "BackgroundLine",
    "ClaimLine",
    "ClaimNoticed",
    "ClaimTolled",
    "Clock",
    "ClockStanding",
    "Contributor",
    "FourAnswers",
    "InventionClassified",
    "InventionDisclosed",
    "InventionElected",
    "InventionFiled",
    "InventionLine",
    "InventionPublished",
    "InventionRegister",
    "InventionReported",
    "JointLaw",
    "JointLine",
    "JointOwnership",
    "LimitationRule",
    "PriorDisclosure",
    "invention_register",
    "limitation_ends",
    "proposed_class",
]
