"""What is kept of an instance of a saga."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final, Literal, TypeAlias

import msgspec
from msgspec import Raw, Struct
from msgspec.structs import replace

from leftfold.messages.metadata import NO_METADATA, Metadata

__all__ = [
    "NOTHING",
    "Intervention",
    "Journal",
    "Parent",
    "Status",
    "StepRecord",
    "StepStatus",
    "dump_journal",
    "load_journal",
]

StepStatus: TypeAlias = Literal["started", "done", "refused", "failed", "undoing", "undone", "parked", "skipped"]
"""How a step stands.

`started`: it has begun, and is tried until it is done. `refused`: for certain not done. `failed`: given up, and in
doubt. `undoing`: its undo has begun. `parked`: it, or its undo, was given up and waits for a person. `skipped`: a
person has said to go on without.
"""

Status: TypeAlias = Literal["running", "compensating", "completed", "compensated", "stuck"]
"""How a saga stands: it ends with one of the last three."""

NOTHING: Final = Raw(b"null")


class StepRecord(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What is known of a step.

    Args:
        tries: how often it was begun.
        undo_tries: how often its undo was begun.
        doubt: why it may have been done although nobody heard so; None when there is no doubt.
        error: what was raised last; once its undo is done, why it may have been done although nobody heard so.
        result: what it returned, as JSON text.
        due: when it, or its undo, is tried again; None while it is under way.
        anew: how often a person had it, or its undo, tried again.
        began_as: the name in its keys, where a migration has given it another since it was begun; empty for its name.
    """

    name: str
    status: StepStatus
    tries: int = 0
    undo_tries: int = 0
    doubt: str | None = None
    error: str | None = None
    result: Raw = NOTHING
    due: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    anew: int = 0
    began_as: str = ""


class Intervention(Struct, frozen=True, kw_only=True):
    """What a person did.

    Args:
        verb: `retry`, `skip`, `resolve` or `abort`.
        step: which step it was about; None for the saga.
        who: did it.
        why: as they said.
    """

    verb: str
    step: str | None
    who: str
    why: str
    at: datetime


class Parent(Struct, frozen=True):
    """Which saga began a child.

    Args:
        id: of its work item.
        asked_at: when its step began: another saga of that id, once this one is forgotten, has another moment there.
    """

    id: str
    asked_at: datetime | None


class Journal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of an instance.

    Args:
        fields: of the saga, a JSON object.
        left: the fields as its function left them when it was completed; null when it has changed none.
        misread: why its function could not go on from what was done, when it was called last; None when it could.
        outline: names of the steps of the definition that it runs by.
        steps: in the order in which they were begun.
        back: whether it is being undone.
        reason: why.
        overdue: whether its deadline has passed, with no way back.
        metadata: of whoever began it.
        parent: the work item that waits until it has ended.
        asked_at: when the step of the parent began; None when there is none, or it was not noted.
    """

    fields: Raw
    outline: tuple[str, ...]
    steps: tuple[StepRecord, ...] = ()
    back: bool = False
    reason: str | None = None
    overdue: bool = False
    metadata: Metadata = NO_METADATA
    interventions: tuple[Intervention, ...] = ()
    parent: str | None = None
    asked_at: datetime | None = None
    left: Raw = NOTHING
    misread: str | None = None

    def of_parent(self, parent: Parent) -> Journal:
        """As a child of *parent* begins."""
        return replace(self, parent=parent.id, asked_at=parent.asked_at)

    def is_of(self, parent: Parent) -> bool:
        """Whether it began as a child of *parent*, as far as it was noted."""
        return self.parent == parent.id and self.asked_at in (None, parent.asked_at)

    def record(self, name: str) -> StepRecord | None:
        """What is known of a step; None when it was not begun."""
        for one in self.steps:
            if one.name == name:
                return one
        return None

    def recorded(self, record: StepRecord) -> Journal:
        """With *record* in the place of what was known of its step, or at the end."""
        steps = self.steps
        for at, one in enumerate(steps):
            if one.name == record.name:
                return replace(self, steps=(*steps[:at], record, *steps[at + 1 :]))
        return replace(self, steps=(*steps, record))


dump_journal: Final[Callable[[Journal], bytes]] = msgspec.json.Encoder().encode
"""Write a journal as JSON text."""
load_journal: Final[Callable[[bytes], Journal]] = msgspec.json.Decoder(Journal).decode
"""Read a journal; raises `ValueError` when it is damaged, or of newer code."""
