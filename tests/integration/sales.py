"""Versions of one published event, and the language they are of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Annotated, TypedDict, Unpack

from msgspec import Meta, Struct

from leftfold import ConsumerView, IntegrationEvent
from leftfold.integration import PublishedLanguage
from leftfold.integration.language_check import language_findings
from leftfold.integration.language_finding import LanguageFinding, Reading
from leftfold.integration.language_lock import LanguageLock, Spoken, lock_of_languages
from leftfold.schemas import Compatibility

__all__ = [
    "TODAY",
    "Coded",
    "Coded2",
    "FewerV3",
    "PartsV1",
    "PartsV2",
    "PlacedV1",
    "PlacedV2",
    "PlacedV3",
    "PlacedV4",
    "ReadsNote",
    "ReadsParts",
    "ReadsStrictly",
    "RenamedV2",
    "TotalBackV3",
    "TotalGoneV2",
    "changes",
    "found",
    "locked",
    "speaking",
]

TODAY = date(2026, 6, 1)


class PlacedV1(IntegrationEvent, name="acme.sales.placed", version=1):
    id: str
    total: int
    note: str | None = None


class PlacedV2(IntegrationEvent, name="acme.sales.placed", version=2):
    id: str
    total: int
    note: str | None = None
    channel: str = "web"


class PlacedV3(IntegrationEvent, name="acme.sales.placed", version=3):
    """It requires what version 1 has not: fine for readers of version 2, not for those of both."""

    id: str
    total: int
    channel: str
    note: str | None = None


class FewerV3(IntegrationEvent, name="acme.sales.placed", version=3):
    id: str
    total: int
    channel: str = "web"


class PlacedV4(IntegrationEvent, name="acme.sales.placed", version=4):
    id: str
    total: int


class Line(Struct, frozen=True):
    sku: str
    note: str = ""


class Gift(Struct, frozen=True):
    to: str
    card: str = ""


class BareLine(Struct, frozen=True):
    sku: str


class StrictLine(Struct, frozen=True, forbid_unknown_fields=True):
    sku: str


class ReadsStrictly(ConsumerView, of="acme.sales.parts", versions=">=1"):
    lines: tuple[StrictLine, ...]


class PartsV1(IntegrationEvent, name="acme.sales.parts", version=1):
    lines: tuple[Line, ...]
    gift: Gift | None = None


class PartsV2(IntegrationEvent, name="acme.sales.parts", version=2):
    """It has no gift any more, and no notes on lines."""

    lines: tuple[BareLine, ...]


class ReadsParts(ConsumerView, of="acme.sales.parts", versions=">=1"):
    lines: tuple[Line, ...]
    gift: Gift | None = None


class RenamedV2(IntegrationEvent, name="acme.sales.placed", version=2):
    id: str
    sum: int
    note: str | None = None


class TotalGoneV2(IntegrationEvent, name="acme.sales.placed", version=2):
    id: str


class TotalBackV3(IntegrationEvent, name="acme.sales.placed", version=3):
    id: str
    total: str = ""


class Coded(IntegrationEvent, name="acme.sales.coded", version=1):
    code: Annotated[str, Meta(pattern="^[a-z]+$")]


class Coded2(IntegrationEvent, name="acme.sales.coded", version=2):
    code: Annotated[str, Meta(pattern="^[a-z]*[a-z]$")]


class ReadsNote(ConsumerView, of="acme.sales.placed", versions=">=1"):
    id: str
    note: str | None = None


class _Options(TypedDict, total=False):
    mode: Compatibility
    sunset: Mapping[int | str, date]
    semantic_breaks: Mapping[str, str]


def speaking(*events: type[IntegrationEvent], **options: Unpack[_Options]) -> Spoken:
    """The sales language with these events."""
    return Spoken("sales", PublishedLanguage("acme.sales", **options), events)


def locked(*events: type[IntegrationEvent], **options: Unpack[_Options]) -> LanguageLock:
    """A lock of it."""
    return lock_of_languages([speaking(*events, **options)], LanguageLock())


def found(
    lock: LanguageLock, now: Spoken, readings: Sequence[Reading] = (), today: date = TODAY
) -> tuple[LanguageFinding, ...]:
    """Everything but that versions are not locked yet."""
    every = language_findings(lock, [now], readings, today)
    return tuple(one for one in every if one.rule != "version-unlocked")


def changes(findings: Sequence[LanguageFinding]) -> list[str]:
    """Their ids."""
    return [one.id for one in findings]
