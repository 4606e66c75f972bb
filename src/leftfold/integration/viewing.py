"""Whether a view can be read from what is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import cast

import msgspec

from leftfold.errors import DefinitionError
from leftfold.integration.message_schemas import Schema, merged_flaws, type_schema
from leftfold.integration.published_events import declared
from leftfold.messages.consumer_view import viewed_by
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.messages.shape import shape_of
from leftfold.schemas.comparing import problems
from leftfold.schemas.forms import writer_form
from leftfold.schemas.reading import read_schema
from leftfold.schemas.verdict import Breaking, Unknown

__all__ = ["view_flaws", "view_problems"]


def view_problems(view: type, schema: Schema) -> tuple[Breaking | Unknown, ...]:
    """Why *view* may not read what is written by *schema*; empty when it reads all of it.

    Args:
        view: a view class: it ignores what it does not have, but for parts whose class forbids unknown fields.
        schema: of one published version, which is taken as closed.

    Raises:
        DefinitionError: *view* is none, or *schema* is.
    """
    viewed_by(view)
    return problems(read_schema(writer_form(schema)), read_schema(type_schema(view, read=True)))


def view_flaws(view: type, published: Sequence[type[IntegrationEvent]]) -> Iterator[str]:
    """Why events of the classes *published* do not read as *view*, one sentence each, with the field.

    A field with a default may be one that no version has so far, as long as the view reads newer ones, too. What cannot
    be decided is no flaw: text that does not decode is one, when it comes.

    Args:
        view: a view class.
        published: the versions that it reads, one or more.

    Raises:
        DefinitionError: *view* is none, or *published* has no classes.
    """
    viewed_by(view)
    if not isinstance(cast("object", published), Sequence) or not published:
        raise DefinitionError(f"published={published!r:.80}; give a list of the classes that {view.__qualname__} reads")
    for cls in published:
        declared(cls)
    shape = shape_of(view)
    yield from (finding.replace("event ", "view ", 1) for finding in shape.findings)
    yield from (finding.replace("event ", "", 1) for cls in published for finding in shape_of(cls).findings)
    if shape.findings or any(shape_of(cls).findings for cls in published):
        return
    yield from merged_flaws(view)
    missing = set(_missing(view, published))
    versions = ", ".join(f"v{declared(cls).version}" for cls in published)
    for name in sorted(missing):
        yield (
            f"{view.__qualname__}.{name} is no field of {viewed_by(view).type!r} in {versions}; take it out, or mend "
            "its name"
        )
    for cls in published:
        for problem in view_problems(view, type_schema(cls)):
            if isinstance(problem, Breaking) and problem.path.removeprefix("/") not in missing:
                yield _told(view, cls, problem)


def _missing(view: type, published: Sequence[type[IntegrationEvent]]) -> Iterator[str]:
    coming = max(declared(cls).version for cls in published) + 1 in viewed_by(view).versions
    known = {field.encode_name for cls in published for field in msgspec.structs.fields(cls)}
    for field in msgspec.structs.fields(view):
        if field.encode_name not in known and (field.required or not coming):
            yield field.name


def _told(view: type, cls: type[IntegrationEvent], problem: Breaking) -> str:
    said, field = declared(cls), problem.path.removeprefix("/").replace("/", ".")
    witness = msgspec.json.encode(problem.witness).decode()
    return (
        f"{view.__qualname__}.{field} does not read all that {said.name!r} v{said.version} may hold there: "
        f"{problem.rule}, as in {witness:.200}; widen the field, or read other versions"
    )
