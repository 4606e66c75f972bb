"""A JSON Schema as a document, and what is wrong with one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeAlias, cast

from leftfold.errors import DefinitionError

__all__ = ["Document", "InvalidSchema", "resolve", "step_into"]

Document: TypeAlias = Mapping[str, object] | bool
"""A JSON Schema of draft 2020-12, decoded from JSON: an object, or `True` for anything and `False` for nothing."""


class InvalidSchema(DefinitionError):
    """A document is no JSON Schema; nothing was compared. Mend it at the path that the message names.

    Args:
        path: where in the document, as a JSON pointer; empty for the document itself.
        reason: what is wrong there.
    """

    def __init__(self, path: str, reason: str) -> None:
        self.path = path
        self.reason = reason
        super().__init__(f"schema at {'#' + path!r}: {reason}")


def resolve(document: Document, pointer: str, path: str) -> object:
    """What a local reference names.

    Args:
        document: the whole document.
        pointer: a JSON pointer into it, as it stands behind the `#` of a reference; empty for the document itself.
        path: where the reference stands, for the error.

    Raises:
        InvalidSchema: it names nothing.
    """
    found: object = document
    for part in pointer.split("/")[1:]:
        key = _unquoted(part).replace("~1", "/").replace("~0", "~")
        try:
            found = _member(found, key)
        except LookupError:
            reason = f"$ref '#{pointer}' names nothing in this document; put there what it names"
            raise InvalidSchema(path, reason) from None
    return found


def step_into(path: str, key: str | int) -> str:
    """*path*, one step further."""
    return f"{path}/{str(key).replace('~', '~0').replace('/', '~1')}"


def _member(found: object, key: str) -> object:
    if isinstance(found, Mapping):
        return cast("Mapping[str, object]", found)[key]
    if isinstance(found, list) and key.isdecimal():
        return cast("list[object]", found)[int(key)]
    raise LookupError(key)


def _unquoted(part: str) -> str:
    if "%" not in part:
        return part
    said = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found[1].decode()), part.encode())
    return said.decode(errors="replace")
