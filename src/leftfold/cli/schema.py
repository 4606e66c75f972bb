"""`leftfold schema`: what is stored, and what is published, in which versions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final, Literal, TypeAlias

from cyclopts import Parameter

from leftfold.cli.errors import UsageError
from leftfold.cli.options import NO_SOURCE_GIVEN, FileName, OneSource
from leftfold.cli.schema_accepting import NOTHING_ACCEPTED, Accepting

__all__ = ["schema"]

_Action: TypeAlias = Literal["check", "lock", "show", "diff", "export"]

_TAKEN: Final = {"check": (0,), "lock": (0,), "show": (1,), "diff": (2,), "export": (0, 1)}
_NAMES: Final = {
    "show": "TYPE or TYPE@VERSION",
    "diff": "OLD and NEW, each TYPE@VERSION or a file",
    "export": "CONTEXT",
}
_LOCK: Final = Path("language.lock")


async def schema(
    action: _Action,
    /,
    *names: str,
    lock: Annotated[FileName | None, Parameter(help="The lock of the published languages.")] = None,
    accepting: Accepting = NOTHING_ACCEPTED,
    to: Annotated[Literal["asyncapi"], Parameter(help="What to export to.")] = "asyncapi",
    source: OneSource = NO_SOURCE_GIVEN,
) -> int:
    """Check, lock, show and compare the schemas of events.

    `check` reads every kind of event stored; a kind is a type and a version, and one with events that cannot be read
    comes with an example. With --lock, it compares what the app publishes with what was locked, each language under its
    mode, and every view of the app with what is published. `lock` writes the lock, unless something was found and
    --accept does not say why it may pass; where the map has a customer with a veto, or a partner, that reads it,
    --agreed has to name their teams. `show` prints the JSON Schema of a published type. `diff` says whether two schemas
    fit each other, old messages with a new reader and the other way. `export` describes a context's channels.

    The exit code is 1 when something was found: run `check` before a deployment.

    Args:
        action: What to do.
        names: What to show, to compare or to export.
    """
    if len(names) not in _TAKEN[action]:
        raise UsageError(f"schema {action} takes {_NAMES.get(action, 'no names')}, not {' '.join(names) or 'nothing'}")
    accept = accepting.accept
    if accept is not None and (action != "lock" or not accept.strip()):
        raise UsageError("--accept says why findings may pass, in words, and goes with `schema lock` alone")
    if accepting.agreed and accept is None:
        raise UsageError("--agreed names a team that has agreed to what --accept lets pass; say that, too")
    if action == "check" and lock is None:
        from leftfold.cli.schema_stored import check_stored

        return await check_stored(source)
    if action in {"check", "lock"}:
        from leftfold.cli.schema_language import check_language, lock_language

        file = lock or _LOCK
        return check_language(file, source) if action == "check" else lock_language(file, accepting, source)
    from leftfold.cli.schema_shown import diff_schemas, export_language, show_schema

    if action == "show":
        return show_schema(names[0], source)
    if action == "diff":
        return diff_schemas(names[0], names[1], source)
    return export_language(names[0] if names else None, to, source)
