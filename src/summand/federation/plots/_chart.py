"""Charts of released results (Vega-Lite, by Altair): curves, forest plots, histograms, calibration."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

from summand.errors import UsageError
from summand.federation._tables import is_hidden
from summand.federation.plots import _across, _causes, _description, _evaluation, _learning, _models, _survival
from summand.federation.plots._models import forest
from summand.federation.plots._size import Draw, Values

FAMILIES = (_description, _models, _survival, _across, _causes, _evaluation, _learning)

DRAWINGS: Mapping[str, Draw] = {name: draw for family in FAMILIES for name, draw in family.DRAWINGS.items()}
SITE_DRAWINGS: Mapping[str, Draw] = {**_across.SITE_DRAWINGS, **_evaluation.SITE_DRAWINGS}
"""Of results that the sites released one by one."""


def chart(result: Values, heading: str = "") -> Any:
    """The chart of a result: what was kept back is left out of it, never drawn as zero.

    Args:
        result: The released values.
        heading: What was computed; the method's name if empty.

    Raises:
        UsageError: if there is nothing to draw, or Altair is not installed.
    """
    try:
        import altair as alt
    except ImportError:
        raise UsageError(
            "Drawing needs Altair, which is not installed.", remedy="Install the extra: pip install 'summand[plots]'"
        ) from None
    method = str(result.get("method"))
    draw = SITE_DRAWINGS.get(method) if "by_site" in result else DRAWINGS.get(method, forest)
    drawn = None if draw is None else draw(alt, result)
    if drawn is not None:
        return drawn.properties(title=_title(result, heading))
    raise UsageError("There is nothing to draw in this result.", remedy="Use .table() or .to_dict() to see its values.")


def _title(result: Values, heading: str) -> dict[str, Any]:
    people = "hidden" if is_hidden(result.get("n")) else result.get("n")
    warnings = [line for text in result.get("warnings") or [] for line in textwrap.wrap(str(text), 100)]
    subtitle = [f"profile {result.get('profile')}, n {people}", *warnings]
    return {"text": heading or str(result.get("method")), "subtitle": subtitle, "anchor": "start"}
