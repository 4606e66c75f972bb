"""What a comparison comes to."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct

from leftfold.schemas.rules import Rule

__all__ = ["Breaking", "Compatible", "Unknown", "Verdict"]


class Compatible(Struct, frozen=True):
    """Whatever the writer may write, the reader takes."""


class Breaking(Struct, frozen=True, kw_only=True):
    """The writer may write something that the reader refuses.

    Args:
        rule: what kind of change does that.
        path: where in a message, from its root: `/lines/*/price`, with `*` for every item or every property of a map;
            empty for the message itself.
        witness: a JSON document that the writer may write and the reader refuses, decoded. Numbers that no float says
            exactly are Decimals.
        renamed: the property of equal type that the writer has instead, when it looks as if one had been renamed.
    """

    rule: Rule
    path: str
    witness: object
    renamed: str | None = None


class Unknown(Struct, frozen=True, kw_only=True):
    """It cannot be decided whether the reader takes what the writer may write; never take it for compatible.

    Args:
        keyword: the keyword of JSON Schema that stands in the way.
        path: where in a message, as in `Breaking`; of a keyword that is not known here, where in the schema, as a
            JSON pointer that begins with `#`.
    """

    keyword: str
    path: str


Verdict: TypeAlias = Compatible | Breaking | Unknown
"""The answer to one comparison."""
