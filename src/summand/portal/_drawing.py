"""A result drawn as SVG on the server, light or dark, in colours that differ in lightness too."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

from summand.errors import SummandError
from summand.federation import StudyResult

_KEPT = 64
_drawn: OrderedDict[tuple[str, str, bool], str | None] = OrderedDict()
_lock = Lock()  # the drawing library is entered by one thread at a time
_LIGHT = {"background": "#ffffff", "text": "#1f2933", "soft": "#52606d", "line": "#d9e2ec"}
_DARK = {"background": "#171c23", "text": "#e6ebf1", "soft": "#a9b4c0", "line": "#35404c"}
_RANGE_LIGHT = ["#0b5c7a", "#c2410c", "#4d7c0f", "#6d28d9", "#a16207", "#be185d", "#0f766e", "#475569"]
_RANGE_DARK = ["#5ec4e6", "#fb923c", "#a3e635", "#c4b5fd", "#facc15", "#f9a8d4", "#5eead4", "#cbd5e1"]


def drawing(result: StudyResult, dark: bool = False) -> str | None:
    """The SVG of a result; None where there is nothing to draw, or drawing is not installed here."""
    key = (result.study_id, result.result_hash, dark)
    with _lock:
        if key not in _drawn:
            _drawn[key] = _draw(result, dark)
            if len(_drawn) > _KEPT:
                _drawn.popitem(last=False)
        return _drawn[key]


def _draw(result: StudyResult, dark: bool) -> str | None:
    try:
        import vl_convert

        spec = result.plot().to_dict()
    except (SummandError, ImportError):
        return None
    spec["config"] = {**spec.get("config", {}), **_config(_DARK if dark else _LIGHT, dark)}
    return str(vl_convert.vegalite_to_svg(spec))


def _config(colours: dict[str, str], dark: bool) -> dict[str, object]:
    axis = {
        "labelColor": colours["soft"], "titleColor": colours["text"], "gridColor": colours["line"],
        "domainColor": colours["line"], "tickColor": colours["line"], "labelFontSize": 12, "titleFontSize": 12,
    }  # fmt: skip
    return {
        "background": colours["background"], "axis": axis, "view": {"stroke": colours["line"]},
        "title": {"color": colours["text"], "subtitleColor": colours["soft"], "fontSize": 15},
        "legend": {"labelColor": colours["text"], "titleColor": colours["text"]},
        "range": {"category": _RANGE_DARK if dark else _RANGE_LIGHT}, "font": "DejaVu Sans, Verdana, sans-serif", "padding": 14,
        "text": {"color": colours["text"]},
    }  # fmt: skip
