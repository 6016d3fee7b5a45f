"""Reading a method's settings out of a study request: strict, because another party wrote it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from summand.errors import UsageError

TEXT_MAX = 4096
ITEMS_MAX = 500


def fields(spec: Mapping[str, Any], name: str, allowed: tuple[str, ...]) -> dict[str, Any]:
    """The settings of a request for the method ``name``, without the name itself.

    Raises:
        UsageError: if it is not an object, is for another method, or has a field that is not ``allowed``.
    """
    if not isinstance(spec, Mapping) or spec.get("name") != name:
        raise UsageError(f"This is no request for the method '{name}'.", remedy=f'Write {{"name": "{name}", …}}.')
    unknown = sorted(str(key)[:40] for key in spec if key not in ("name", *allowed))
    if unknown:
        raise UsageError(
            f"The method '{name}' has no setting '{unknown[0]}'.", remedy=f"Its settings are: {', '.join(allowed)}."
        )
    return {key: value for key, value in spec.items() if key != "name"}


def text(settings: Mapping[str, Any], key: str, default: str | None = None) -> str:
    """A setting that is text of at most 4,096 characters.

    Raises:
        UsageError: if it is missing without a default, or not such a text.
    """
    value = settings.get(key, default)
    if not isinstance(value, str) or len(value) > TEXT_MAX:
        raise UsageError(f"The setting '{key}' is missing or not a text.", remedy=f"Give '{key}' as a text.")
    return value


def choice(settings: Mapping[str, Any], key: str, options: tuple[str, ...]) -> str:
    """A setting that is one of ``options``, the first by default.

    Raises:
        UsageError: if it is another.
    """
    value = settings.get(key, options[0])
    if value not in options or not isinstance(value, str):
        raise UsageError(f"The setting '{key}' is none of its choices.", remedy=f"Use one of: {', '.join(options)}.")
    return value


def whole(settings: Mapping[str, Any], key: str, default: int, least: int, most: int) -> int:
    """A setting that is a whole number between ``least`` and ``most``.

    Raises:
        UsageError: if it is not.
    """
    value = settings.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise UsageError(
            f"The setting '{key}' is not a whole number from {least} to {most}.", remedy=f"Leave it out for {default}."
        )
    return value


def number(settings: Mapping[str, Any], key: str, default: float, least: float, most: float) -> float:
    """A setting that is a number between ``least`` and ``most``.

    Raises:
        UsageError: if it is not.
    """
    value = settings.get(key, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise UsageError(
            f"The setting '{key}' is not a number from {least:g} to {most:g}.", remedy=f"Leave it out for {default:g}."
        )
    return float(value)


def flag(settings: Mapping[str, Any], key: str, default: bool = False) -> bool:
    """A setting that is true or false.

    Raises:
        UsageError: if it is neither.
    """
    value = settings.get(key, default)
    if not isinstance(value, bool):
        raise UsageError(f"The setting '{key}' is neither true nor false.", remedy=f"Leave it out for {default}.")
    return value


def names(value: Any, key: str) -> tuple[str, ...]:
    """A list of texts, such as columns.

    Raises:
        UsageError: if it is not a list of at most 500 texts.
    """
    if not isinstance(value, (list, tuple)) or len(value) > ITEMS_MAX:
        raise UsageError(f"The setting '{key}' is not a list of at most {ITEMS_MAX}.", remedy="Give a list of names.")
    if not all(isinstance(item, str) and len(item) <= TEXT_MAX for item in value):
        raise UsageError(f"The setting '{key}' holds something that is not a text.", remedy="Give a list of names.")
    return tuple(value)


def positive(settings: Mapping[str, Any], key: str) -> float | None:
    """A setting that is a number above 0 and at most a million, or None.

    Raises:
        UsageError: if it is another.
    """
    value = settings.get(key)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0.0 < value <= 1e6:
        raise UsageError(f"The setting '{key}' is not a number above 0.", remedy=f"Leave '{key}' out, or give one.")
    return float(value)


def numbers(value: Any, key: str) -> tuple[float, ...]:
    """A list of finite numbers, such as cut points.

    Raises:
        UsageError: if it is not a list of at most 500 finite numbers.
    """
    if not isinstance(value, (list, tuple)) or len(value) > ITEMS_MAX:
        raise UsageError(f"The setting '{key}' is not a list of at most {ITEMS_MAX}.", remedy="Give a list of numbers.")
    if any(isinstance(item, bool) or not isinstance(item, (int, float)) or not abs(item) < 1e300 for item in value):
        raise UsageError(f"The setting '{key}' holds something that is no number.", remedy="Give a list of numbers.")
    return tuple(map(float, value))
