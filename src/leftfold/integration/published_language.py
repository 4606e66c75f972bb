"""The published language of a context: names, versions, and how what it tells others may change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from types import MappingProxyType
from typing import Final, cast

from leftfold.errors import DefinitionError, InvalidPayload
from leftfold.integration.format_checks import check_formats
from leftfold.integration.message_schemas import language_flaws
from leftfold.integration.pattern_checks import find_break
from leftfold.integration.published_events import declared
from leftfold.messages.flaws import find_flaw
from leftfold.messages.given import is_count
from leftfold.messages.integration_event import IntegrationEvent
from leftfold.messages.message import name_flaw
from leftfold.messages.version_range import VersionRange, version_range
from leftfold.schemas.compatibility import Compatibility

__all__ = ["PublishedLanguage"]

_NO_DATES: Final[Mapping[int | str, date]] = MappingProxyType({})
_EVERY: Final = ""
_ALL: Final = version_range(">=1")
_NO_WORDS: Final[Mapping[str, str]] = MappingProxyType({})


class PublishedLanguage:
    """What a context tells others, as something that they build on: named, versioned, checked, changed by a rule.

    Every event is held to its fields and their formats before others see it; one that is not as they say parks its
    stream, as whatever fails does. `leftfold schema lock` writes the schemas down, and `leftfold schema check --lock`
    holds the next version to them.

    Args:
        name: what the names of all of its events begin with, before a dot: `acme.ordering`.
        mode: what a new version has to get along with; with every version served, in both directions, when left out.
        supported: versions that are served, as `>=2`; of all types, or by type. All, when left out.
        sunset: the day from which a version is not served any more; of all types by its number, of one type by
            `type@version`. A locked version may be taken out from that day on.
        semantic_breaks: versions, as `type@version`, that mean something else than those before although their
            schemas may be equal, each with what changed.

    Raises:
        DefinitionError: a name, a range or a key is of another form.

    Source: Evans 2003, "Domain-Driven Design", chapter 14.
    """

    def __init__(
        self,
        name: str,
        *,
        mode: Compatibility = Compatibility.FULL_TRANSITIVE,
        supported: str | Mapping[str, str] = ">=1",
        sunset: Mapping[int | str, date] = _NO_DATES,
        semantic_breaks: Mapping[str, str] = _NO_WORDS,
    ) -> None:
        findings = list(_shape_flaws(mode, supported, sunset, semantic_breaks))
        if flaw := name_flaw(name):
            findings.append(f"its name {flaw}")
        self.name = name
        self.mode = mode
        self._supported: dict[str, VersionRange] = {}
        if not findings:
            self.sunset: Mapping[int | str, date] = MappingProxyType(dict(sunset))
            self.semantic_breaks: Mapping[str, str] = MappingProxyType(dict(semantic_breaks))
            findings += [*self._read_ranges(supported), *self._key_flaws()]
        if findings:
            raise DefinitionError(*(f"language {name!r:.80}: {finding}" for finding in findings))

    def __repr__(self) -> str:
        return f"PublishedLanguage({self.name!r})"

    def serves(self, type: str) -> VersionRange:
        """The versions of *type* that are served."""
        return self._supported.get(type) or self._supported.get(_EVERY) or _ALL

    def sunset_of(self, type: str, version: int) -> date | None:
        """The day from which a version is not served any more; None when none is set."""
        return self.sunset.get(f"{type}@{version}") or self.sunset.get(version)

    def flaws(self, published: Sequence[type[IntegrationEvent]]) -> tuple[str, ...]:
        """Why the classes *published* are not of this language, or it speaks of others, one sentence each."""
        flaws = [flaw for cls in published for flaw in (*self._naming_flaws(cls), *language_flaws(cls))]
        return (*flaws, *self._stray_flaws(published))

    def check(self, event: IntegrationEvent) -> None:
        """Hold *event* to what its fields say, before others see it.

        Raises:
            InvalidFormat: a value is not of the format that its field names.
            InvalidPayload: a value is one that no store can keep: a time without zone, text with a NUL; or a line break
                at the end of a text slips through its pattern here, and through no schema.
        """
        check_formats(event)
        if flaw := find_flaw(event) or find_break(event):
            said = declared(type(event))
            raise InvalidPayload(f"published event {said.name!r} v{said.version}, field {flaw.path!r}", flaw.reason)

    def _read_ranges(self, supported: str | Mapping[str, str]) -> Iterator[str]:
        for type_, text in ({_EVERY: supported} if isinstance(supported, str) else supported).items():
            try:
                self._supported[type_] = version_range(text)
            except DefinitionError as error:
                yield from error.findings

    def _key_flaws(self) -> Iterator[str]:
        for key in (*self.sunset, *self.semantic_breaks):
            by_number = key in self.sunset and is_count(key)
            if not (_names_version(key) if isinstance(key, str) else by_number):
                yield f"{key!r:.80} names no version; write type@version, versions count from 1"
        for key, reason in self.semantic_breaks.items():
            if not reason.strip():
                yield f"semantic_breaks[{key!r:.80}] is empty; say what changed"

    def _naming_flaws(self, cls: type[IntegrationEvent]) -> Iterator[str]:
        said = declared(cls)
        if not said.name.startswith(f"{self.name}."):
            yield (
                f"{cls.__qualname__} is published as {said.name!r}; in the language {self.name!r} names begin with "
                f"{self.name + '.'!r}"
            )
        if said.version not in self.serves(said.name):
            yield (
                f"{cls.__qualname__} is {said.name!r} v{said.version}, and the language serves versions "
                f"{self.serves(said.name)}; publish it no longer, or serve it"
            )

    def _stray_flaws(self, published: Sequence[type[IntegrationEvent]]) -> Iterator[str]:
        """A word about what is not published is a slip: who reads would never be told."""
        newest: dict[str, int] = {}
        for said in map(declared, published):
            newest[said.name] = max(said.version, newest.get(said.name, 0))
        known = ", ".join(f"{name}@{version}" for name, version in sorted(newest.items())) or "nothing"
        served = ((f"supported[{type!r:.80}]", type, 0) for type in self._supported if type != _EVERY)
        dated = (_named("sunset", key) for key in self.sunset if isinstance(key, str))
        changed = (_named("semantic_breaks", key) for key in self.semantic_breaks)
        for word, type, version in (*served, *dated, *changed):
            if version > newest.get(type, -1):
                yield f"{word} is about what is not published; the newest are {known}"


def _named(word: str, key: str) -> tuple[str, str, int]:
    type, _, version = key.rpartition("@")
    return f"{word}[{key!r:.80}]", type, int(version)


def _shape_flaws(mode: object, supported: object, sunset: object, semantic_breaks: object) -> Iterator[str]:
    """What of the words of a language is of another type."""
    if not isinstance(mode, Compatibility):
        yield f"mode={mode!r:.80}; give a Compatibility, as in Compatibility.FULL_TRANSITIVE"
    if not isinstance(supported, str | Mapping):
        yield f"supported={supported!r:.80}; give a range, or one by type"
    elif not isinstance(supported, str):
        yield from _value_flaws("supported", cast("object", supported), str, "a range, as in '>=2'")
    yield from _value_flaws("sunset", sunset, date, "a date, as in date(2027, 1, 1)")
    yield from _value_flaws("semantic_breaks", semantic_breaks, str, "a text that says what changed")


def _value_flaws(word: str, given: object, wanted: type, advice: str) -> Iterator[str]:
    if not isinstance(given, Mapping):
        yield f"{word}={given!r:.80}; give {advice}, by version"
        return
    for key, value in cast("Mapping[object, object]", given).items():
        if not isinstance(value, wanted) or isinstance(value, datetime):
            yield f"{word}[{key!r:.80}]={value!r:.80}; give {advice}"


def _names_version(key: str) -> bool:
    type_, _, version = key.rpartition("@")
    return bool(type_) and version.isascii() and version.isdecimal() and not version.startswith("0")
