"""What is found about a published language and its lock."""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from leftfold.messages.consumer_view import ConsumerView
from leftfold.schemas.compatibility import Direction, Ruled
from leftfold.schemas.verdict import Breaking, Unknown

__all__ = ["LanguageFinding", "Reading", "problem_finding"]

_write: Final = msgspec.json.Encoder(decimal_format="number", order="sorted").encode


class Reading(Struct, frozen=True):
    """A view that is known to read a language.

    Args:
        context: name of the context that reads.
        view: the class.
    """

    context: str
    view: type[ConsumerView]

    @property
    def name(self) -> str:
        """Context and view, as findings name them."""
        return f"{self.context}.{self.view.__name__}"


class LanguageFinding(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing about a language and its lock.

    Args:
        rule: a stable id of words and hyphens: one of `Rule`, or `schema-changed`, `version-vanished`, `version-gone`,
            `version-unlocked`, `mode-changed`, `sunset-moved`, `read-field-removed`, `undecided`.
        language: its name; empty when two schemas are compared that are of none.
        type: of the event; the language's name when it is about all of it.
        version: that is looked at, counted from 1; 0 when it is about none.
        against: the version that it is compared with; None when it is compared with none.
        direction: which way both do not fit; empty when no two versions are compared.
        path: where in a message, as `/lines/*/price`; empty for all of it.
        message: what is so, and the next step.
        witness: JSON text of a message that the one may write and the other refuses; empty when there is none.
        reader: the view that it is about, as `context.View`; empty when it is about none.
        now: what is in place of what was promised: a digest, a mode, a day; empty when nothing was promised of it.
        severity: an error fails a check, a note does not.
        accepted: why it passes all the same, as the lock says; empty when it does not.
        place: where the class or the view that it is about is written, as `path:line`; empty when nobody has looked.
    """

    rule: str
    type: str
    message: str
    language: str = ""
    version: int = 0
    against: int | None = None
    direction: Direction | Literal[""] = ""
    path: str = ""
    witness: str = ""
    reader: str = ""
    now: str = ""
    severity: Literal["error", "note"] = "error"
    accepted: str = ""
    place: str = ""

    @property
    def id(self) -> str:
        """What it is called: the same as long as it is about the same."""
        against = "" if self.against is None else f"v{self.against}"
        what = f"{self.type}@{self.version}" if self.version else self.type
        parts = (what, self.rule, self.direction, against, self.reader, self.path)
        return " ".join(part for part in parts if part)

    @property
    def change(self) -> str:
        """What it is called in the lock that lets it pass: another when what was promised changes once more."""
        return f"{self.id} {self.now}" if self.now else self.id

    @property
    def blocks(self) -> bool:
        """Whether a check fails by it."""
        return self.severity == "error" and not self.accepted

    def __str__(self) -> str:
        shown = f" (as in {self.witness:.500})" if self.witness else ""
        passed = f" [accepted: {self.accepted}]" if self.accepted else ""
        at = f"; at {self.place}" if self.place else ""
        return f"{self.severity}: {self.id}: {self.message}{shown}{passed}{at}"


def problem_finding(about: LanguageFinding, problem: Breaking | Ruled | Unknown) -> LanguageFinding:
    """What a comparison found, as a finding.

    Args:
        about: says of what, and in its message what is in the way, and the next step as a second sentence.
    """
    what, _, then = about.message.partition(". ")
    if isinstance(problem, Unknown):
        then = "Say the type more simply, or look at it and accept it"
        message = f"{what}: {problem.keyword!r} cannot be decided. {then}"
        return replace(about, rule="undecided", path=problem.path, message=message)
    about = replace(about, rule=problem.rule.value, path=problem.path)
    if isinstance(problem, Ruled):
        return replace(about, message=f"{problem.reason}. {then}")
    what = f"{what}; it looks like a rename to {problem.renamed!r}" if problem.renamed else what
    return replace(about, message=f"{what}. {then}", witness=_write(problem.witness).decode())
