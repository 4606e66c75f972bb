"""A context as data: what its team declares of it, in one document that is committed and compared."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Final, Literal

from msgspec import Struct

from leftfold.borders.uses import Origin
from leftfold.contexts.edges import Edge
from leftfold.contexts.findings import Finding
from leftfold.messages.version_range import VersionRange, version_range

__all__ = [
    "FORMAT",
    "Consumption",
    "Descriptor",
    "Emission",
    "Handler",
    "Imported",
    "Published",
    "range_read",
    "versions_read",
]

FORMAT: Final = 1
"""The format of descriptors that is written here, and the newest that is read."""

_MOST_KEPT: Final = 1_000


class Published(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """One version of an event that a context publishes.

    Args:
        name: what the event is called outside.
        version: counted from 1.
        label: what others call this version, `1.4.0` for instance; empty when it is the number.
        fields: type of each field, by its JSON pointer with `*` for any item: `/lines/*/price`. Empty when nobody says.
        schema: JSON Schema of the event; empty when there is none.
        deprecated: since when, or why, nobody should begin to use it; empty when it is not.
        sunset: the day from which it is not served any more, `2027-01-31`; empty when none is set.
        place: where it is declared.
    """

    name: str
    version: int = 1
    label: str = ""
    fields: dict[str, str] = {}
    schema: dict[str, object] = {}
    deprecated: str = ""
    sunset: str = ""
    place: str = ""


class Consumption(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """An event that a context takes.

    Args:
        event: its published name.
        versions: those that are read, as `>=1,<3`; empty for any.
        reads: JSON pointers of the fields that are read; None when all are.
        view: name of the class that says so; empty when there is none.
        by: name of the handler that takes it; empty when nobody says.
        evidence: how it is known.
        place: where it is declared; where code names the event's class when only that is known.
        named: where code names the event's class, if something is declared, too; empty when it does not.
    """

    event: str
    versions: str = ""
    reads: tuple[str, ...] | None = None
    view: str = ""
    by: str = ""
    evidence: Origin = "declared"
    place: str = ""
    named: str = ""


class Emission(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A published event that a handler may lead to.

    Args:
        event: its published name.
        version: None for every version that is published.
        derived: for a field of the event, the fields of what the handler takes that it is made of, both as JSON
            pointers; None when nobody says, and every field may be made of every one.
    """

    event: str
    version: int | None = None
    derived: dict[str, tuple[str, ...]] | None = None


class Handler(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """What takes events, and what that leads to.

    Args:
        name: unique in its context, as `reaction/billing.bill`.
        emits: published events that it may lead to.
        open: it may lead to more than it says.
        place: where it is declared.
    """

    name: str
    emits: tuple[Emission, ...] = ()
    open: bool = False
    place: str = ""


class Descriptor(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """A context as its team declares it.

    Args:
        descriptor: the format, `FORMAT`.
        name: of the context, in any spelling.
        domain: a group of contexts that it belongs to.
        subdomain: `core`, `supporting` or `generic`; empty while nobody has said.
        package: of its code, dotted.
        modules: those inside *package* that others may import.
        glossary: its words, and what they mean here.
        relations: all that it takes part in; consumers stand in the order in which it names them.
        language: the name of its published language; empty when it has none.
        mode: what a new version of an event has to get along with, as `full-transitive`; empty without a language.
        publishes: each version of each event.
        consumes: what it takes, a line for each handler.
        handlers: what each leads to.
        commands: names of those that it handles.
        queries: names of those that it answers.
        apis: what else it offers, as `GET /orders/{id}`.
        aggregates: what it records, with the owner of each; the owner is empty when it is *team*.
        place: where it is declared.
        digest: of all the rest but places, whatever its order; empty in what was written by hand.
    """

    descriptor: int = FORMAT
    name: str
    team: str = ""
    purpose: str = ""
    domain: str = ""
    subdomain: Literal["", "core", "supporting", "generic"] = ""
    external: bool = False
    mud: bool = False
    package: str = ""
    modules: tuple[str, ...] = ()
    glossary: dict[str, str] = {}
    relations: tuple[Edge, ...] = ()
    language: str = ""
    mode: str = ""
    publishes: tuple[Published, ...] = ()
    consumes: tuple[Consumption, ...] = ()
    handlers: tuple[Handler, ...] = ()
    commands: tuple[str, ...] = ()
    queries: tuple[str, ...] = ()
    apis: tuple[str, ...] = ()
    aggregates: dict[str, str] = {}
    place: str = ""
    digest: str = ""

    @property
    def silent(self) -> bool:
        """Whether it says nothing of what it takes, so that nobody can know what a change leads to in it."""
        return not self.handlers and all(one.evidence != "declared" for one in self.consumes)


class Imported(Struct, frozen=True):
    """Descriptors, and what was wrong with where they come from.

    Args:
        descriptors: one for each context, in the order of names.
        findings: what the source itself forbids; errors first.
    """

    descriptors: tuple[Descriptor, ...]
    findings: tuple[Finding, ...]


@lru_cache(maxsize=_MOST_KEPT)
def range_read(text: str) -> VersionRange:
    """See `version_range`; a company writes the same few ranges again and again."""
    return version_range(text)


def versions_read(consumption: Consumption, published: Iterable[Published]) -> list[Published]:
    """Those of *published* that are read."""
    if not consumption.versions:
        return list(published)
    versions = range_read(consumption.versions)
    return [one for one in published if one.version in versions]
