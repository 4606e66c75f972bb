"""What a real validator says; the engine is not asked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import jsonschema_rs

from leftfold.schemas import Document

if TYPE_CHECKING:
    from jsonschema_rs import JSONType

_DECIMAL = re.compile(r"-?\d+(\.\d+)?")


def is_valid(schema: Document, value: object) -> bool:
    """Whether *schema* accepts *value*; formats are held to, and `decimal`, which is msgspec's word, is one."""
    return Judge(schema).accepts(value)


def _is_decimal(text: str) -> bool:
    return _DECIMAL.fullmatch(text) is not None


class Judge:
    """A schema made ready to be asked often."""

    def __init__(self, schema: Document) -> None:
        plain = schema if isinstance(schema, bool) else dict(schema)
        # Its other engine for patterns, the default, finds r"\d+a*\d+" in "0".
        self._validator = jsonschema_rs.validator_for(
            plain,
            validate_formats=True,
            formats={"decimal": _is_decimal},
            pattern_options=jsonschema_rs.RegexOptions(),
        )

    def accepts(self, value: object) -> bool:
        return self._validator.is_valid(cast("JSONType", value))
