"""What each partner's data add to a model: leave-one-out and Shapley over released results of coalitions.

Promise: nothing is used but released results, one for each coalition of partners, and only where the agreement permits
the release level `site_level` by name, since such results compare partners. Every coalition's score and study stand
beside the parts, so that anybody can work them out again.

    >>> scores = {"a": 0.70, "b": 0.60, "a+b": 0.75}
    >>> [(line.party, line.leave_one_out, line.shapley) for line in data_value(scores, baseline=0.5).lines]
    [('a', 0.15, 0.175), ('b', 0.05, 0.075)]

Sources: Ghorbani & Zou (2019), Data Shapley; Jia et al. (2019), Towards efficient data valuation based on the Shapley
value; Wang & Jia (2023), Data Banzhaf.
"""

from summand.sharing.data_value._value import DATA_PARTIES_MAX, DataValue, DataValueLine, data_value, require_site_level

__all__ = ["DATA_PARTIES_MAX", "DataValue", "DataValueLine", "data_value", "require_site_level"]
