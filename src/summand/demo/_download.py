"""The heart data from the UCI archive, checked against pinned hashes and kept in the user's cache."""

from __future__ import annotations

import hashlib
import http.client
import io
import os
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

from summand.demo._heart import FILES
from summand.errors import SiteUnreachable, SourceUnreadable

URL = "https://archive.ics.uci.edu/static/public/45/heart+disease.zip"
ARCHIVE_BYTES_MAX, FILE_BYTES_MAX = 20_000_000, 1_000_000
TIMEOUT_SECONDS = 20.0
_BY_HAND = "Give a folder that holds the four 'processed.*.data' files instead: summand demo heart --data DIR."


def download_heart(cache: Path | None = None, url: str = URL, timeout_seconds: float = TIMEOUT_SECONDS) -> Path:
    """A folder with the four published files; fetched once, then taken from the cache.

    Args:
        cache: Where they are kept; the user's cache folder if not given.
        url: The archive to fetch.
        timeout_seconds: How long to wait for the network.

    Returns:
        The folder. Every file in it has the pinned SHA-256: a file in the cache that has another is fetched again.

    Raises:
        SiteUnreachable: if the archive does not answer; the remedy says how to give a folder.
        SourceUnreadable: if what came is not the published archive.
    """
    folder = (cache or default_cache()) / "uci-heart-disease-45"
    if all(_is_published(folder / name, expected) for name, expected in FILES.values()):
        return folder
    members = _open(_fetch(url, timeout_seconds))
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in members.items():
        # If we crash here, the cache holds whole files only: each appears under its name once it is complete.
        partial = folder / f".{name}.{os.getpid()}"
        partial.write_bytes(data)
        partial.replace(folder / name)
    return folder


def default_cache() -> Path:
    """The user's cache folder for this program."""
    import platformdirs

    return Path(platformdirs.user_cache_dir("summand", appauthor=False))


def _fetch(url: str, timeout_seconds: float) -> bytes:
    try:
        with urllib.request.urlopen(url, timeout=timeout_seconds) as answer:  # noqa: S310 - the address is ours
            data: bytes = answer.read(ARCHIVE_BYTES_MAX + 1)
            announced = answer.headers.get("Content-Length")
    except urllib.error.HTTPError as error:
        error.close()
        raise _unreachable(f"it answers {error.code}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _unreachable(str(getattr(error, "reason", error) or type(error).__name__)) from None
    if len(data) > ARCHIVE_BYTES_MAX:
        raise SourceUnreadable(f"What came from {url} is over {ARCHIVE_BYTES_MAX} bytes.", remedy=_BY_HAND)
    if announced is not None and announced.isdigit() and int(announced) != len(data):
        raise SourceUnreadable(
            f"The download broke off: {len(data)} of {announced} bytes came.", remedy=f"Try again. {_BY_HAND}"
        )
    return data


def _unreachable(reason: str) -> SiteUnreachable:
    return SiteUnreachable(
        f"The heart data are not in the cache, and the UCI archive cannot be reached ({reason}).", remedy=_BY_HAND
    )


def _open(archive: bytes) -> dict[str, bytes]:
    """The four files out of the archive, each with its pinned SHA-256; nothing else is read from it."""
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as opened:
            for name, expected in FILES.values():
                with opened.open(name) as member:
                    data = member.read(FILE_BYTES_MAX + 1)
                if hashlib.sha256(data).hexdigest() != expected:
                    raise SourceUnreadable(
                        f"{name} from the archive is not the published file: its SHA-256 differs.", remedy=_BY_HAND
                    )
                found[name] = data
    except (zipfile.BadZipFile, KeyError, OSError, EOFError, ValueError, NotImplementedError, RuntimeError) as error:
        raise SourceUnreadable(
            f"What came from the archive is not the zip file of dataset 45 ({type(error).__name__}).", remedy=_BY_HAND
        ) from None
    return found


def _is_published(path: Path, expected: str) -> bool:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest() == expected
    except OSError:
        return False
