"""`leftfold schema show`, `diff` and `export`: published schemas, for people and other programs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Final, Literal

import msgspec

from leftfold.app.composition import App
from leftfold.cli.errors import UsageError
from leftfold.cli.options import Source
from leftfold.cli.output import console, write_json
from leftfold.cli.running import named_app
from leftfold.cli.text import counted, printable
from leftfold.integration.asyncapi import Speaker, asyncapi_document
from leftfold.integration.json_text import hold_to_single_names
from leftfold.integration.language_finding import LanguageFinding, problem_finding
from leftfold.integration.message_schemas import Schema, message_schema
from leftfold.integration.published_events import declared
from leftfold.messages.consumer_view import ConsumerView, is_foreign
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.schemas.compatibility import Compatibility, Finding, check
from leftfold.schemas.document import InvalidSchema
from leftfold.schemas.reading import read_schema
from leftfold.schemas.versions import Version

__all__ = ["diff_schemas", "export_language", "show_schema"]

# A float would round what a schema says.
_decode: Final = msgspec.json.Decoder(dict[str, object], float_hook=Decimal).decode


def show_schema(name: str, source: Source) -> int:
    """Print the JSON Schema of a published type.

    Args:
        name: `type` for its newest version, or `type@version`.

    Raises:
        UsageError: nothing of this name and version is published.
    """
    _print(_named(name, named_app(source)), json=source.json)
    return 0


def diff_schemas(old: str, new: str, source: Source) -> int:
    """Say whether two schemas fit each other; 1 when they do not, in one direction or both, or it is not decided.

    Args:
        old: `type@version`, or a file with a JSON Schema; and so *new*.

    Raises:
        UsageError: a file is no JSON Schema, or nothing of that name is published.
    """
    older, newer = Version(name=old, schema=_schema(old, source)), Version(name=new, schema=_schema(new, source))
    found = [_told(one) for one in check(Compatibility.FULL, newer, [older])]
    if source.json:
        write_json(*found)
    else:
        out = console()
        for one in found:
            out.print(printable(str(one)), style="red")
        for direction in ("backward", "forward"):
            count = sum(one.direction in (direction, "both") for one in found)
            out.print(f"{direction}: {counted(count, 'finding') if count else 'compatible'}")
    return 1 if found else 0


def export_language(context: str | None, _to: Literal["asyncapi"], source: Source) -> int:
    """Print what a context sends and receives as an AsyncAPI document.

    Args:
        context: its name; None for the only one of the app.

    Raises:
        UsageError: there is no such context, or there are several and none is named.
    """
    contexts = {one.name: one for one in named_app(source).contexts}
    if context is None and len(contexts) == 1:
        context = next(iter(contexts))
    if context not in contexts:
        raise UsageError(f"which context? Name one: {', '.join(contexts)}")
    one = contexts[context]
    followed = (one.projections, one.reactions, one.command_reactions, one.saga_starts, one.processes)
    hears = {cls for kind in followed for each in kind for cls in each.events if is_foreign(cls)}
    speaker = Speaker(
        name=one.name,
        purpose=one.purpose,
        team=one.team,
        sends=one.published_events,
        hears=tuple(sorted(filter(_heard, hears), key=lambda cls: (cls.__qualname__, cls.__module__))),
    )
    _print(asyncapi_document(speaker), json=source.json)
    return 0


def _heard(cls: type) -> bool:
    return issubclass(cls, IntegrationEvent | ConsumerView)


def _schema(name: str, source: Source) -> Schema:
    file = Path(name)
    if not file.is_file():
        return _named(name, named_app(source))
    try:
        text = file.read_bytes()
        found = _decode(text)
        hold_to_single_names(text.decode())
        read_schema(found)
    except (ValueError, RecursionError, InvalidSchema) as error:
        raise UsageError(f"{file} holds no JSON Schema: {error}") from error
    return found


def _named(name: str, app: App) -> Schema:
    known = _published(app)
    type_, at, version = name.rpartition("@")
    if not at:
        type_, version = name, ""
    versions = known.get(type_)
    if versions is None:
        near = get_close_matches(type_, list(known), n=3) or list(known)
        raise UsageError(f"nothing here publishes {type_!r:.80}; there is {', '.join(near) or 'nothing'}")
    numbered = {str(number): cls for number, cls in versions.items()}
    found = numbered.get(version or str(max(versions)))
    if found is None:
        published = ", ".join(f"{type_}@{each}" for each in sorted(versions))
        raise UsageError(f"{name!r:.80} is not published; there is {published}, or name a file")
    return message_schema(found)


def _published(app: App) -> Mapping[str, Mapping[int, type[IntegrationEvent]]]:
    found: dict[str, dict[int, type[IntegrationEvent]]] = {}
    for cls in (cls for context in app.contexts for cls in context.published_events):
        said = declared(cls)
        found.setdefault(said.name, {})[said.version] = cls
    return found


def _told(found: Finding) -> LanguageFinding:
    writer, reader = (found.old, found.new) if found.direction == "backward" else (found.new, found.old)
    said = f"who reads {reader} may not read {writer}. Make a change that fits"
    about = LanguageFinding(rule="", type=found.new, message=said, direction=found.direction)
    return problem_finding(about, found.problem)


def _print(document: object, *, json: bool) -> None:
    if json:
        write_json(document)
        return
    text = msgspec.json.format(msgspec.json.encode(document), indent=2)
    sys.stdout.buffer.write(text + b"\n")
    sys.stdout.flush()
