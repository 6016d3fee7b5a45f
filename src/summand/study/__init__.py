"""A study: its request, its rounds and its messages; the place where the pure rooms below are joined."""

from summand.study._history import History
from summand.study._request import RELEASE_LEVELS, SignedStudy, StudyRequest

__all__ = ["RELEASE_LEVELS", "History", "SignedStudy", "StudyRequest"]
