"""The lock of published languages: what was promised, as text to commit beside the code."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Final

import msgspec
from msgspec import Struct

from leftfold.errors import DefinitionError
from leftfold.integration.json_text import hold_to_single_names
from leftfold.integration.message_schemas import Schema, message_schema, schema_digest
from leftfold.integration.published_events import declared
from leftfold.integration.published_language import PublishedLanguage
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.schemas.compatibility import Compatibility
from leftfold.schemas.versions import Tombstones, Version, tombstones

__all__ = [
    "Accepted",
    "LanguageLock",
    "LockedLanguage",
    "LockedType",
    "LockedVersion",
    "Spoken",
    "dump_language_lock",
    "load_language_lock",
    "lock_of_languages",
    "schema_version",
]

_FORM: Final = 1
_MOST_DIGITS: Final = 18


class Spoken(Struct, frozen=True):
    """A language as a context speaks it today.

    Args:
        context: its name.
        language: what it says of names, versions and change.
        events: classes of everything that is published, a class for each version.
    """

    context: str
    language: PublishedLanguage
    events: tuple[type[IntegrationEvent], ...]


class LockedVersion(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One version of one type.

    Args:
        digest: of its schema, without words for people.
        schema: closed, as a writer writes it.
        semantic_break: what it means otherwise than the version before; empty when it means the same.
        sunset: the day from which it may go; None when none is set.
    """

    digest: str
    schema: Schema
    semantic_break: str = ""
    sunset: date | None = None


class LockedType(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One type of event.

    Args:
        versions: what is served, by number.
        removed: fields that older versions had and the newest has not, by path, with a digest of the type that each
            had last. They stay when those versions are gone: a removed name never comes back with another type.
    """

    versions: Mapping[str, LockedVersion]
    removed: Tombstones = {}


_NOTHING: Final = LockedType(versions={})


class LockedLanguage(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One language.

    Args:
        context: name of the context that speaks it.
        mode: what new versions have to get along with.
        types: by published name.
    """

    context: str
    mode: Compatibility
    types: Mapping[str, LockedType]


class Accepted(Struct, frozen=True, kw_only=True, order=True, forbid_unknown_fields=True):
    """A finding that somebody has looked at and lets pass.

    Args:
        finding: what it is called there; see `LanguageFinding.change`.
        reason: why.
    """

    finding: str
    reason: str


class LanguageLock(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a `language.lock` holds.

    Args:
        form: of the file; 1.
        languages: by name.
        accepted: findings that pass, sorted.
    """

    languages: Mapping[str, LockedLanguage] = {}
    accepted: tuple[Accepted, ...] = ()
    form: int = _FORM


class _Form(Struct, frozen=True):
    """What is read first, as another form may have other members."""

    form: int = _FORM


def lock_of_languages(
    spoken: Iterable[Spoken], before: LanguageLock, accepted: Sequence[Accepted] = ()
) -> LanguageLock:
    """What a lock of the languages as they are *spoken* now holds.

    Args:
        before: the lock so far, whose removed fields stay.
        accepted: findings that pass from now on, beside those that the lock so far lets pass.
    """
    languages = {
        one.language.name: LockedLanguage(
            context=one.context, mode=one.language.mode, types=_types(one, before.languages.get(one.language.name))
        )
        for one in spoken
    }
    both = {one.finding: one for one in (*before.accepted, *accepted)}
    return LanguageLock(languages=languages, accepted=tuple(sorted(both.values())))


def dump_language_lock(lock: LanguageLock) -> str:
    """Write *lock* as text to commit: sorted JSON, the same for the same lock, a line for each thing."""
    return msgspec.json.format(msgspec.json.encode(lock, order="deterministic"), indent=2).decode() + "\n"


def load_language_lock(text: str | bytes) -> LanguageLock:
    """Read what `dump_language_lock` wrote.

    Raises:
        DefinitionError: it is no such lock, after a merge conflict for instance, or a schema was changed by hand.
    """
    try:
        form = msgspec.json.decode(text, type=_Form).form
        if form != _FORM:
            raise DefinitionError(f"the language lock has form {form}, this code knows {_FORM}; use newer code")
        lock = msgspec.json.decode(text, type=LanguageLock)
        hold_to_single_names(text if isinstance(text, str) else text.decode())
    except (ValueError, RecursionError) as error:
        raise DefinitionError(f"the language lock cannot be read: {error}. Take the committed file back") from error
    findings = [
        f"the language lock, {name}@{number:.20}: {flaw}. Take the committed file back"
        for language in lock.languages.values()
        for name, type_ in language.types.items()
        for number, version in type_.versions.items()
        for flaw in _flaws(name, number, version)
    ]
    if findings:
        raise DefinitionError(*findings)
    return lock


def _flaws(type_: str, number: str, version: LockedVersion) -> Iterator[str]:
    if not (number.isascii() and number.isdecimal()) or number.startswith("0") or len(number) > _MOST_DIGITS:
        yield f"{number!r:.20} is no version"
    if schema_digest(version.schema) != version.digest:
        yield f"it holds another schema of {type_}@{number:.20} than its digest says"


def _types(spoken: Spoken, before: LockedLanguage | None) -> Mapping[str, LockedType]:
    found: dict[str, dict[str, LockedVersion]] = {}
    for cls in spoken.events:
        said, schema = declared(cls), message_schema(cls)
        found.setdefault(said.name, {})[str(said.version)] = LockedVersion(
            digest=schema_digest(schema),
            schema=schema,
            semantic_break=spoken.language.semantic_breaks.get(f"{said.name}@{said.version}", ""),
            sunset=spoken.language.sunset_of(said.name, said.version),
        )
    was: Mapping[str, LockedType] = {} if before is None else before.types
    names = sorted({*was, *found})
    return {name: _locked(name, was.get(name, _NOTHING), found.get(name, {})) for name in names}


def _locked(type_: str, was: LockedType, versions: Mapping[str, LockedVersion]) -> LockedType:
    """A type with *versions* today; fields of versions that it had are remembered when no later one has them."""
    both = {**was.versions, **versions}
    old = [schema_version(type_, number, both[number]) for number in sorted(both, key=int)]
    return LockedType(versions=versions, removed=tombstones(old, was.removed))


def schema_version(type_: str, number: str, version: LockedVersion) -> Version:
    """*version* as what is compared with others; its name is `type@number`."""
    broken = version.semantic_break or None
    return Version(name=f"{type_}@{number}", schema=version.schema, semantic_break=broken)
