"""The command line: parse, call, print. No rules of its own.

Exit codes: 0 done · 1 a defect · 2 put wrongly · 10 agreement · 11 refused · 12 data · 13 statistics · 14 sum ·
15 verification · 16 transport · 17 storage · 18 portal · 130 interrupted. With ``--json`` an error is one object on standard error.
"""

from __future__ import annotations

import os
import sys
from typing import Any

from summand.errors import SummandError

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code."""
    # A site tallies batches on all cores at once; threads of the linear algebra beside these would only contend.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    given = sys.argv[1:] if arguments is None else arguments
    try:
        return _dispatch(given)
    except SummandError as error:
        _show(error.to_dict(), "--json" in given)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:
        if os.environ.get("SUMMAND_DEBUG"):
            raise
        fields = {
            "code": "internal", "message": f"This is a defect of Summand ({type(error).__name__}).",
            "remedy": "Report it, with what SUMMAND_DEBUG=1 prints; look first whether that shows data.",
        }  # fmt: skip
        _show(fields, "--json" in given)
        return 1


def _dispatch(given: list[str]) -> int:
    import typer

    from summand.cli._app import build
    from summand.signing import ask_by

    at_terminal = sys.stdin is not None and sys.stdin.isatty()
    ask_by(
        (lambda what: str(typer.prompt(f"Passphrase of {what}", hide_input=True, err=True))) if at_terminal else None
    )
    try:
        found = build()(given, prog_name="summand", standalone_mode=False)
    except typer.Abort:
        return 130
    except typer.TyperException as error:
        message = error.format_message().strip()
        if type(error).__name__ != "NoArgsIsHelpError":  # then the help was asked for by saying nothing
            fields = {
                "code": "usage", "message": message if message.endswith(".") else f"{message}.",
                "remedy": "Add --help to the command to see what it takes.",
            }  # fmt: skip
            _show(fields, "--json" in given)
        elif message:
            sys.stdout.write(message + "\n")
        return 2
    return found if isinstance(found, int) else 0


def _show(fields: dict[str, Any], as_json: bool) -> None:
    if as_json:
        from summand.encoding import dump

        sys.stderr.write(dump(fields).decode() + "\n")
        return
    clause = f" (clause {fields['clause']})" if fields.get("clause") else ""
    sys.stderr.write(f"summand: {fields['message']}{clause} {fields['remedy']} [{fields['code']}]\n")
