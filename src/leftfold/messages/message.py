"""What every message class carries: a stored name and a schema version, behind one private attribute."""

from __future__ import annotations

from typing import Any, Final, TypeVar, cast

import msgspec
from msgspec import Struct

from leftfold.errors import DefinitionError
from leftfold.messages.given import is_count

__all__ = ["MAX_NAME_BYTES", "MAX_VERSION", "Declaration", "MessageType", "declaration_in", "declare", "name_flaw"]

MAX_NAME_BYTES: Final = 512
"""UTF-8 bytes of an event's stored name, and in a store of a stream name or a tag; PostgreSQL's index rows set it."""

MAX_VERSION: Final = 32_767
"""The highest schema version; every store keeps the same bound."""

_MARK: Final = "__leftfold_message__"
_M = TypeVar("_M", bound=type)


class Declaration(Struct, frozen=True):
    """How a message class is stored.

    Args:
        name: stored name.
        version: schema version, counted from 1.
    """

    name: str
    version: int


class MessageType(msgspec.StructMeta):
    """Makes frozen, keyword-only structs that take `name=` and `version=` in the class statement.

    Raises:
        DefinitionError: the name cannot be stored, or the version is below 1.
        TypeError: an unknown class keyword.
    """

    def __new__(
        mcls,
        class_name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        name: str | None = None,
        version: int = 1,
        frozen: bool = True,
        kw_only: bool = True,
    ) -> MessageType:
        if not (frozen and kw_only):
            raise DefinitionError(f"message {class_name}: messages are always frozen and keyword-only")
        made = super().__new__(mcls, class_name, bases, namespace, frozen=True, kw_only=True)
        return declare(made, name, version)

    def __init__(
        cls,
        class_name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        /,
        *,
        name: str | None = None,
        version: int = 1,
        frozen: bool = True,
        kw_only: bool = True,
    ) -> None:
        super().__init__(class_name, bases, namespace)


def declare(cls: _M, name: str | None, version: int) -> _M:
    """Note the stored name (the class's own when None) and the version on *cls*, or raise `DefinitionError`."""
    stored = cls.__name__ if name is None else name
    where = f"message {cls.__qualname__}"
    findings: list[str] = []
    if flaw := name_flaw(stored):
        findings.append(f"{where}: name={stored!r:.80} {flaw}")
    if not is_count(version) or version > MAX_VERSION:
        findings.append(f"{where}: version={version!r:.80}; versions count from 1 up to {MAX_VERSION:,}")
    if findings:
        raise DefinitionError(*findings)
    setattr(cls, _MARK, Declaration(stored, version))
    return cls


def declaration_in(cls: type) -> Declaration | None:
    """What was declared on exactly this class; a subclass does not inherit it, and nothing else has it."""
    return cast("Declaration | None", vars(cls).get(_MARK)) if isinstance(cast("object", cls), type) else None


def name_flaw(name: object) -> str | None:
    """Why *name* cannot be a stored name, or None when it can."""
    if not isinstance(name, str):
        return "is no text"
    if not name:
        return "is empty"
    if "\x00" in name:
        return "holds a NUL character"
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "holds a lone surrogate"
    return f"has {size} UTF-8 bytes, at most {MAX_NAME_BYTES} are allowed" if size > MAX_NAME_BYTES else None
