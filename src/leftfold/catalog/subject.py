"""What somebody wants to change: a context, an event, a field of it, a shared kernel, all that a team has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Final, Literal, TypeAlias, cast

from msgspec import Struct

from leftfold.catalog.catalog import Catalog, check_catalog
from leftfold.catalog.errors import UnknownSubject
from leftfold.catalog.shapes import overlaps

__all__ = ["Subject", "SubjectKind", "check_subject", "subject_of"]

SubjectKind: TypeAlias = Literal["context", "event", "kernel", "team"]

_KINDS: Final[tuple[SubjectKind, ...]] = ("context", "event", "kernel", "team")
_AFTER_EVENT: Final = re.compile(r"(?:@(?P<version>[^#./]+(?:\.\d+)*))?(?:#(?P<pointer>/.+)|\.(?P<path>.+))?")


class Subject(Struct, frozen=True, kw_only=True):
    """What is to change.

    Args:
        kind: of what.
        name: of the context, the event, the kernel or the team.
        version: of the event, counted from 1; None for the event whatever its version.
        field: JSON pointer of a field of the event; empty for the event as a whole.
    """

    kind: SubjectKind
    name: str
    version: int | None = None
    field: str = ""

    def __str__(self) -> str:
        version = "" if self.version is None else f"@{self.version}"
        return f"{self.kind} {self.name}{version}{f'#{self.field}' if self.field else ''}"


def subject_of(catalog: Catalog, text: str, *, new: bool = False) -> Subject:
    """Find out what *text* means in *catalog*.

    Args:
        text: the name of a context, an event, a kernel or a team; of an event with `@VERSION`, with `.lines.*.price` or
            `#/lines/*/price` for a field. `context:`, `event:`, `kernel:` or `team:` before it says which.
        new: a field is to be added, so it need not be there.

    Raises:
        UnknownSubject: it is not in the catalog, or could be several things.
        InvalidInput: *catalog* is none.
    """
    check_catalog(catalog)
    if not isinstance(cast("object", text), str):
        raise UnknownSubject(f"{text!r:.80}", "is no text; give the name of what is to change")
    kind, colon, name = text.partition(":")
    kinds: Sequence[SubjectKind] = [one for one in _KINDS if one == kind] if colon else []
    asked = name if kinds else text
    found = [subject for one in (kinds or _KINDS) for subject in _of_kind(catalog, one, asked, new=new)]
    if len(found) > 1:
        raise UnknownSubject(text, "could be several things", [f"{one.kind}:{asked}" for one in found])
    if not found:
        names = [*catalog.by_name, *catalog.unregistered, *catalog.events, *catalog.kernels, *catalog.teams]
        raise UnknownSubject(text, "nothing in this catalog is called so", _near(asked, names))
    return found[0]


def check_subject(catalog: Catalog, subject: object) -> None:
    """Raises `UnknownSubject` when *subject* is no subject, or not in *catalog*."""
    check_catalog(catalog)
    if not isinstance(subject, Subject):
        raise UnknownSubject(f"{subject!r:.80}", "is no subject; give the name of what is to change, or a Subject")
    if subject.kind == "event":
        there = bool(catalog.published(subject.name) or catalog.taken(subject.name))
    else:
        there = subject in _of_kind(catalog, subject.kind, subject.name, new=True)
    if not there:
        raise UnknownSubject(str(subject), "nothing in this catalog is called so")


def _near(asked: str, names: Sequence[str]) -> Sequence[str]:
    """Those of *names* that are nearly *asked*, whether in small letters or capitals."""
    small = {name.lower(): name for name in reversed(names)}
    return [small[name] for name in get_close_matches(asked.lower(), small, 3)]


def _of_kind(catalog: Catalog, kind: SubjectKind, name: str, *, new: bool) -> Iterator[Subject]:
    match kind:
        case "event":
            yield from _events(catalog, name, new=new)
        case "context":
            if name in catalog.by_name or catalog.related(name):
                yield Subject(kind=kind, name=name)
        case "kernel":
            if name in catalog.kernels:
                yield Subject(kind=kind, name=name)
        case "team":
            if name in catalog.teams:
                yield Subject(kind=kind, name=name)


def _events(catalog: Catalog, text: str, *, new: bool) -> Iterator[Subject]:
    """The event with the longest name that *text* begins with."""
    ends = [len(text), *sorted((at for at, char in enumerate(text) if char in "@.#"), reverse=True)]
    for end in ends:
        name, rest = text[:end], _AFTER_EVENT.fullmatch(text, end)
        if rest is not None and (catalog.published(name) or catalog.taken(name)):
            version = None if rest["version"] is None else _version(catalog, name, rest["version"], text)
            pointer = rest["pointer"] or (f"/{rest['path'].replace('.', '/')}" if rest["path"] else "")
            if pointer and not new:
                _check_field(catalog, name, pointer, text)
            yield Subject(kind="event", name=name, version=version, field=pointer)
            return


def _version(catalog: Catalog, name: str, label: str, text: str) -> int:
    published = [one for _, one in catalog.published(name)]
    for one in published:
        if label in (str(one.version), one.label):
            return one.version
    there = [f"{name}@{one.label or one.version}" for one in published]
    raise UnknownSubject(text, f"{name} is not published in version {label}", there)


def _check_field(catalog: Catalog, name: str, pointer: str, text: str) -> None:
    fields = {one for _, published in catalog.published(name) for one in published.fields}
    read = {one for taken in catalog.taken(name) for one in taken.consumption.reads or ()}
    if fields and not any(overlaps(pointer, one) for one in fields | read):
        there = get_close_matches(pointer, fields, 3, 0.3) or sorted(fields)[:3]
        raise UnknownSubject(text, f"{name} has no field {pointer}", [f"{name}#{one}" for one in there])
