"""A site's own model: the method that a study could run over all sites, run at one of them, a round of it a round."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from summand.errors import FormulaInvalid, MethodError, Refusal
from summand.methods._protocol import Local, Method, Result, Setting, State
from summand.methods.across._meta_arms import Effect
from summand.methods.models._linear import LinearRegression
from summand.methods.models._logistic import LogisticRegression
from summand.methods.survival._cox import CoxRegression
from summand.tables import NO_LIMITS, Batch

MODELS = {"linear": "coefficient", "logistic": "log odds ratio", "cox": "log hazard ratio"}

RUNNING, DONE, NONE = 0.0, 1.0, -1.0
"""Whether a site's own fit goes on, has ended with an estimate, or has none."""


@dataclass(frozen=True)
class OwnModel:
    """A regression that each site fits to its own rows.

    The fit's state stays in the site's memory; all that leaves is whether it has ended.

    Attributes:
        method: In the setting of one site.
        term: The term whose coefficient is wanted.
    """

    method: Method
    term: str

    @classmethod
    def of(cls, measure: str, formula: str, term: str, setting: Setting) -> OwnModel:
        """The model of one site.

        At a site's own release level the study's limits hold for its fit; in a sum of sites they hold for the total.

        Raises:
            FormulaInvalid, ColumnMissing: if formula or term do not fit.
        """
        kind = {"linear": LinearRegression, "logistic": LogisticRegression, "cox": CoxRegression}[measure]
        limits = setting.limits if setting.site_count == 1 else NO_LIMITS
        method = kind(formula).under(dataclasses.replace(setting, site_count=1, limits=limits))
        slopes = [name for name in method.design.terms if name != "Intercept"]
        known = term or (slopes[0] if slopes else "")
        if known not in method.design.terms:
            raise FormulaInvalid(
                f"The model has no term '{known[:60]}'.",
                remedy=f"Its terms are: {', '.join(method.design.terms[:12]) or 'none'}.",
            )
        return cls(method, known)

    def tally(self, batch: Batch, local: Local) -> Any:
        """One batch of the round that the site's own fit has come to."""
        return self.method.tally(batch, self._state(local), _inner(local))

    def step(self, partial: Any, local: Local) -> tuple[float, Effect, Local]:
        """One round of the site's own fit: whether it has ended, with what, and its memory."""
        state = self._state(local)
        try:
            own, inner = self.method.condense(partial, state, _inner(local))
            following = self.method.update(own, state)
        except (MethodError, Refusal):
            return NONE, None, {}
        if isinstance(following, Result):
            effect = self._effect(following)
            return (NONE if effect is None else DONE), effect, {}
        text = json.dumps(following.to_json()).encode()
        memory = {f"own {name}": values for name, values in inner.items()}
        return RUNNING, None, {"state": np.frombuffer(text, dtype=np.uint8), **memory}

    def _state(self, local: Local) -> State:
        if "state" not in local:
            return self.method.start()
        return self.method.state_type.from_json(json.loads(np.asarray(local["state"], dtype=np.uint8).tobytes()))

    def _effect(self, result: Result) -> Effect:
        row: Mapping[str, Any] = next(row for row in result.values["terms"] if row["term"] == self.term)
        error = float(row["std_error"])
        return (float(row["estimate"]), error * error) if error > 0.0 else None


def _inner(local: Local) -> Local:
    return {name.removeprefix("own "): values for name, values in local.items() if name.startswith("own ")}
