"""Integration events: what a context tells others, apart from its own domain events."""

from __future__ import annotations

from typing import dataclass_transform

import msgspec

from leftfold.messages.message import MessageType

__all__ = ["IntegrationEvent"]


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(msgspec.field,))
class IntegrationEvent(msgspec.Struct, frozen=True, kw_only=True, metaclass=MessageType):
    """Something that a context publishes: immutable, keyword-only, compared by value; no domain event.

    Class keywords:
        name: what it is called outside; the class's own name when left out.
        version: version of its fields, counted from 1.

    Raises:
        DefinitionError: at the class statement, for a name or a version that cannot be stored.
        TypeError: at the class statement, for an unknown class keyword.
    """
