"""Methods under a privacy budget: the same questions asked of fewer sums, each bounded for one person, so that noise suffices.

Promise: a private method says before any data how many rounds it takes, which part of the study's loss each costs, and the
most that its vector of sums changes, in the Euclidean norm, when one person comes or leaves. Its `condense` changes nothing:
what a site adds is a sum over its rows of numbers that no row can push beyond that bound. Every other method is refused
under a budget, by name and with the reason.
"""

from summand.methods.private._boosting import PrivateBoosting
from summand.methods.private._catalogue import private_method
from summand.methods.private._describe import PrivateDescribe
from summand.methods.private._protocol import PrivateMethod
from summand.methods.private._regression import PrivateRegression

__all__ = ["PrivateBoosting", "PrivateDescribe", "PrivateMethod", "PrivateRegression", "private_method"]
