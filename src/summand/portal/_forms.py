"""Forms as they are sent: small, read once, never trusted; and the errors beside their fields."""

from __future__ import annotations

from aiohttp import BodyPartReader, web

from summand.errors import BodyTooLarge, FormRefused
from summand.portal._visit import Visit

FORM_BYTES_MAX = 2 << 20
FIELDS_MAX = 500


async def read_form(visit: Visit) -> None:
    """Read a POST's fields and files into the visit.

    Raises:
        BodyTooLarge: over 2 MiB in all.
        FormRefused: if it is no form, or has more than 500 fields.
    """
    request = visit.request
    if (request.content_length or 0) > FORM_BYTES_MAX:
        raise _too_large()
    lists: dict[str, list[str]] = {}
    files: dict[str, bytes] = {}
    try:
        if request.content_type == "multipart/form-data":
            await _read_parts(request, lists, files)
        elif request.content_type == "application/x-www-form-urlencoded":
            body = await _limited(request)
            from urllib.parse import parse_qsl

            for name, value in parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=FIELDS_MAX):
                lists.setdefault(name, []).append(value)
        else:
            raise _no_form()
    except ValueError:  # what the two parsers and the decoding of texts raise
        raise _no_form() from None
    visit.lists, visit.files = lists, files
    visit.form = {name: values[-1] for name, values in lists.items()}


async def _limited(request: web.Request) -> bytes:
    body = b""
    async for chunk in request.content.iter_chunked(1 << 16):
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise _too_large()
    return body


async def _read_parts(request: web.Request, lists: dict[str, list[str]], files: dict[str, bytes]) -> None:
    reader, left, count = await request.multipart(), FORM_BYTES_MAX, 0
    while (part := await reader.next()) is not None:
        count += 1
        if not isinstance(part, BodyPartReader) or part.name is None or count > FIELDS_MAX:
            raise _no_form()
        data = b""
        while chunk := await part.read_chunk(1 << 16):
            data += chunk
            left -= len(chunk)
            if left < 0:
                raise _too_large()
        if part.filename is None:
            lists.setdefault(part.name, []).append(data.decode())
        else:
            files[part.name] = data


def _no_form() -> FormRefused:
    return FormRefused("What was sent is not a form of ours.", remedy="Send it from the page again.")


def _too_large() -> BodyTooLarge:
    return BodyTooLarge(f"A form has at most {FORM_BYTES_MAX >> 20} MiB.", remedy="Send a smaller file.")
