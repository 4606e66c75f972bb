"""Whether published languages may change from what was promised to what their code says today."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from msgspec.structs import replace

from leftfold.integration.language_finding import LanguageFinding, Reading, problem_finding
from leftfold.integration.language_lock import (
    LanguageLock,
    LockedLanguage,
    LockedType,
    LockedVersion,
    Spoken,
    lock_of_languages,
    schema_version,
)
from leftfold.integration.message_schemas import type_schema
from leftfold.integration.viewing import view_problems
from leftfold.messages.consumer_view import viewed_by
from leftfold.schemas.compatibility import check
from leftfold.schemas.versions import Tombstones, property_paths

__all__ = ["language_findings"]

_NOTHING = LockedType(versions={})


def language_findings(
    lock: LanguageLock, spoken: Iterable[Spoken], readings: Sequence[Reading], today: date
) -> tuple[LanguageFinding, ...]:
    """Compare the languages as they are *spoken* with what is locked, each under its mode.

    A schema of a locked version never changes. A new version is compared with the one before it, or with every one that
    is served, in the directions of the mode. A locked version is there until its sunset. A field that was removed never
    comes back with another type. Every view that is known reads every version that it says it reads.

    Args:
        readings: views that are known.
        today: the day that sunsets are compared with.

    Returns:
        Each finding once, those that block first; what the lock lets pass comes with the reason.
    """
    spoken = tuple(spoken)
    now = lock_of_languages(spoken, lock)
    found: list[LanguageFinding] = []
    for one in spoken:
        name = one.language.name
        language = _Language(one, lock.languages.get(name), now.languages[name], today)
        found += language.findings(readings)
    for name in lock.languages.keys() - now.languages.keys():
        for type_, locked in lock.languages[name].types.items():
            found += (_absent(name, type_, int(at), one, today) for at, one in locked.versions.items())
    reasons = {one.finding: one.reason for one in lock.accepted}
    told = {one.id: replace(one, accepted=reasons.get(one.change, "")) for one in found}
    return tuple(sorted(told.values(), key=_order))


def _order(one: LanguageFinding) -> tuple[object, ...]:
    return (not one.blocks, one.severity, one.language, one.type, one.version, one.id)


class _Language:
    def __init__(self, spoken: Spoken, locked: LockedLanguage | None, now: LockedLanguage, today: date) -> None:
        self._spoken = spoken
        self._name = spoken.language.name
        self._mode = None if locked is None else locked.mode
        self._locked: Mapping[str, LockedType] = {} if locked is None else locked.types
        self._now = now.types
        self._today = today

    def findings(self, readings: Sequence[Reading]) -> Iterator[LanguageFinding]:
        mode = self._spoken.language.mode
        if self._mode not in (None, mode):
            message = f"the mode is {mode.value}, and {self._mode} was promised. Keep it, or agree with who reads it"
            yield replace(self._about(self._name, 0, "mode-changed", message), now=mode.value)
        for type_ in sorted({*self._locked, *self._now}):
            was, now = self._locked.get(type_, _NOTHING), self._now.get(type_, _NOTHING)
            yield from self._promised(type_, was, now)
            yield from self._new(type_, was, now)
            for reading in readings:
                if viewed_by(reading.view).type == type_:
                    yield from self._read(type_, reading, was, now)

    def _about(self, type_: str, version: int, rule: str, message: str) -> LanguageFinding:
        return LanguageFinding(rule=rule, language=self._name, type=type_, version=version, message=message)

    def _promised(self, type_: str, was: LockedType, now: LockedType) -> Iterator[LanguageFinding]:
        for number, version in was.versions.items():
            current = now.versions.get(number)
            if current is None:
                yield _absent(self._name, type_, int(number), version, self._today)
                continue
            if sooner := _sooner(version, current, self._today):
                yield replace(self._about(type_, int(number), "sunset-moved", sooner), now=str(current.sunset))
            if current.digest != version.digest:
                message = (
                    "it has another schema than the one that was promised. Put the fields back, and publish the change "
                    "as a class with another version"
                )
                yield replace(self._about(type_, int(number), "schema-changed", message), now=current.digest)

    def _new(self, type_: str, was: LockedType, now: LockedType) -> Iterator[LanguageFinding]:
        new = sorted(int(number) for number in now.versions if number not in was.versions)
        for number in new:
            note = self._about(type_, number, "version-unlocked", "it is not locked yet: leftfold schema lock")
            yield replace(note, severity="note")
        served = sorted(map(int, now.versions))
        for at, number in enumerate(served):
            if number in new:
                yield from self._compared(type_, number, was.removed, now.versions, served[:at])
                continue
            # It has been compared with what was locked before it, and not with what is put before it now.
            before = served[:at] if self._spoken.language.mode.is_transitive else served[:at][-1:]
            if added := [old for old in before if old in new]:
                yield from self._compared(type_, number, {}, now.versions, added)

    def _compared(
        self, type_: str, number: int, removed: Tombstones, versions: Mapping[str, LockedVersion], before: Sequence[int]
    ) -> Iterator[LanguageFinding]:
        olds = [schema_version(type_, str(old), versions[str(old)]) for old in before]
        new = schema_version(type_, str(number), versions[str(number)])
        for found in check(self._spoken.language.mode, new, olds, removed):
            other = found.old.rpartition("@")[2]
            writer, reader = (other, number) if found.direction == "backward" else (number, other)
            said = f"who reads v{reader} may not read v{writer}. Make a change that fits, or another type of event"
            about = replace(
                self._about(type_, number, "", said),
                against=int(other) if other.isdecimal() else None,
                direction=found.direction,
            )
            yield problem_finding(about, found.problem)

    def _read(self, type_: str, reading: Reading, was: LockedType, now: LockedType) -> Iterator[LanguageFinding]:
        versions = viewed_by(reading.view).versions
        read = [number for number in sorted(map(int, now.versions)) if number in versions]
        advice = f"{reading.name} may not read it. Widen the view, or let it read other versions"
        for number in read:
            about = replace(self._about(type_, number, "", advice), reader=reading.name)
            for problem in view_problems(reading.view, now.versions[str(number)].schema):
                yield problem_finding(about, problem)
        if not read:
            return
        known = {int(number): one for types in (was, now) for number, one in types.versions.items()}
        had = frozenset[str]().union(*(property_paths(one.schema) for at, one in known.items() if at in versions))
        has = property_paths(now.versions[str(read[-1])].schema)
        gone = property_paths(type_schema(reading.view)) & had - has
        for path in sorted(gone):
            if not any(path.startswith(f"{other}/") for other in gone):
                message = f"{reading.name} reads a field that this version has no more. Agree with its team first"
                found = self._about(type_, read[-1], "read-field-removed", message)
                yield replace(found, reader=reading.name, path=path)


def _sooner(was: LockedVersion, now: LockedVersion, today: date) -> str:
    """What is wrong with the sunset of a version; empty when it is as promised, or leaves more time."""
    if now.sunset is None or now.sunset == was.sunset:
        return ""
    if was.sunset is not None and now.sunset < was.sunset:
        return f"its sunset is {now.sunset}, and {was.sunset} was promised. Keep it, or agree with who reads it"
    late = was.sunset is None and now.sunset <= today
    return f"its sunset {now.sunset} is not after today. Give who reads it time" if late else ""


def _absent(language: str, type_: str, number: int, version: LockedVersion, today: date) -> LanguageFinding:
    """A locked version that nothing publishes any more: expected once the sunset that was locked has come."""
    day = version.sunset
    gone = day is not None and day <= today
    when = "" if day is None else f" before its sunset on {day}"
    message = (
        f"nothing publishes it any more{when}. Publish it again, give it a sunset, lock that, and wait for the day"
    )
    return LanguageFinding(
        rule="version-gone" if gone else "version-vanished",
        language=language,
        type=type_,
        version=number,
        message=f"it is gone, as its sunset on {day} said" if gone else message,
        severity="note" if gone else "error",
    )
