"""The kinds of change that can break: one stable id each, and its mirror."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Final

__all__ = ["Rule"]


@unique
class Rule(StrEnum):
    """A kind of change, seen from the older version to the newer one.

    A rule says what was done to the schema. `minimum-raised` breaks a newer reader of older messages; seen from the
    other side, an older reader of newer messages, the same comparison breaks as `minimum-lowered`, its mirror.
    """

    REQUIRED_PROPERTY_ADDED = "required-property-added"
    REQUIRED_PROPERTY_REMOVED = "required-property-removed"
    PROPERTY_MADE_REQUIRED = "property-made-required"
    PROPERTY_MADE_OPTIONAL = "property-made-optional"
    PROPERTY_FORBIDDEN = "property-forbidden"
    PROPERTY_ALLOWED = "property-allowed"
    PROPERTIES_CLOSED = "additional-properties-closed"
    PROPERTIES_OPENED = "additional-properties-opened"
    TYPE_NARROWED = "type-narrowed"
    TYPE_WIDENED = "type-widened"
    TYPE_CHANGED = "type-changed"
    ENUM_VALUE_REMOVED = "enum-value-removed"
    ENUM_VALUE_ADDED = "enum-value-added"
    ENUM_ADDED = "enum-added"
    ENUM_REMOVED = "enum-removed"
    CONST_CHANGED = "const-changed"
    MINIMUM_RAISED = "minimum-raised"
    MINIMUM_LOWERED = "minimum-lowered"
    MAXIMUM_LOWERED = "maximum-lowered"
    MAXIMUM_RAISED = "maximum-raised"
    MULTIPLE_NARROWED = "multiple-of-narrowed"
    MULTIPLE_WIDENED = "multiple-of-widened"
    MIN_LENGTH_RAISED = "min-length-raised"
    MIN_LENGTH_LOWERED = "min-length-lowered"
    MAX_LENGTH_LOWERED = "max-length-lowered"
    MAX_LENGTH_RAISED = "max-length-raised"
    PATTERN_ADDED = "pattern-added"
    PATTERN_REMOVED = "pattern-removed"
    FORMAT_ADDED = "format-added"
    FORMAT_REMOVED = "format-removed"
    FORMAT_CHANGED = "format-changed"
    MIN_ITEMS_RAISED = "min-items-raised"
    MIN_ITEMS_LOWERED = "min-items-lowered"
    MAX_ITEMS_LOWERED = "max-items-lowered"
    MAX_ITEMS_RAISED = "max-items-raised"
    TUPLE_SHORTENED = "tuple-shortened"
    TUPLE_LENGTHENED = "tuple-lengthened"
    UNIQUE_ITEMS_ADDED = "unique-items-added"
    UNIQUE_ITEMS_REMOVED = "unique-items-removed"
    CONTAINS_NARROWED = "contains-narrowed"
    CONTAINS_WIDENED = "contains-widened"
    MIN_PROPERTIES_RAISED = "min-properties-raised"
    MIN_PROPERTIES_LOWERED = "min-properties-lowered"
    MAX_PROPERTIES_LOWERED = "max-properties-lowered"
    MAX_PROPERTIES_RAISED = "max-properties-raised"
    PROPERTY_NAMES_NARROWED = "property-names-narrowed"
    PROPERTY_NAMES_WIDENED = "property-names-widened"
    DEPENDENCY_ADDED = "dependency-added"
    DEPENDENCY_REMOVED = "dependency-removed"
    UNION_ARM_REMOVED = "union-arm-removed"
    UNION_ARM_ADDED = "union-arm-added"
    UNION_MADE_AMBIGUOUS = "union-made-ambiguous"
    UNION_MADE_DISTINCT = "union-made-distinct"
    NOT_WIDENED = "not-widened"
    NOT_NARROWED = "not-narrowed"
    REMOVED_NAME_REUSED = "removed-name-reused"
    SEMANTIC_BREAK = "semantic-break"

    @property
    def mirror(self) -> Rule:
        """The same change from the newer version to the older one."""
        return _MIRRORS[self]

    @property
    def keyword(self) -> str:
        """The keyword of JSON Schema that it is about; empty for what no schema says."""
        return _KEYWORDS[self]


# Each row: what narrows what a reader takes, what widens it, the keyword.
_ROWS: Final = (
    (Rule.REQUIRED_PROPERTY_ADDED, Rule.REQUIRED_PROPERTY_REMOVED, "required"),
    (Rule.PROPERTY_MADE_REQUIRED, Rule.PROPERTY_MADE_OPTIONAL, "required"),
    (Rule.PROPERTY_FORBIDDEN, Rule.PROPERTY_ALLOWED, "properties"),
    (Rule.PROPERTIES_CLOSED, Rule.PROPERTIES_OPENED, "additionalProperties"),
    (Rule.TYPE_NARROWED, Rule.TYPE_WIDENED, "type"),
    (Rule.TYPE_CHANGED, Rule.TYPE_CHANGED, "type"),
    (Rule.ENUM_VALUE_REMOVED, Rule.ENUM_VALUE_ADDED, "enum"),
    (Rule.ENUM_ADDED, Rule.ENUM_REMOVED, "enum"),
    (Rule.CONST_CHANGED, Rule.CONST_CHANGED, "const"),
    (Rule.MINIMUM_RAISED, Rule.MINIMUM_LOWERED, "minimum"),
    (Rule.MAXIMUM_LOWERED, Rule.MAXIMUM_RAISED, "maximum"),
    (Rule.MULTIPLE_NARROWED, Rule.MULTIPLE_WIDENED, "multipleOf"),
    (Rule.MIN_LENGTH_RAISED, Rule.MIN_LENGTH_LOWERED, "minLength"),
    (Rule.MAX_LENGTH_LOWERED, Rule.MAX_LENGTH_RAISED, "maxLength"),
    (Rule.PATTERN_ADDED, Rule.PATTERN_REMOVED, "pattern"),
    (Rule.FORMAT_ADDED, Rule.FORMAT_REMOVED, "format"),
    (Rule.FORMAT_CHANGED, Rule.FORMAT_CHANGED, "format"),
    (Rule.MIN_ITEMS_RAISED, Rule.MIN_ITEMS_LOWERED, "minItems"),
    (Rule.MAX_ITEMS_LOWERED, Rule.MAX_ITEMS_RAISED, "maxItems"),
    (Rule.TUPLE_SHORTENED, Rule.TUPLE_LENGTHENED, "items"),
    (Rule.UNIQUE_ITEMS_ADDED, Rule.UNIQUE_ITEMS_REMOVED, "uniqueItems"),
    (Rule.CONTAINS_NARROWED, Rule.CONTAINS_WIDENED, "contains"),
    (Rule.MIN_PROPERTIES_RAISED, Rule.MIN_PROPERTIES_LOWERED, "minProperties"),
    (Rule.MAX_PROPERTIES_LOWERED, Rule.MAX_PROPERTIES_RAISED, "maxProperties"),
    (Rule.PROPERTY_NAMES_NARROWED, Rule.PROPERTY_NAMES_WIDENED, "propertyNames"),
    (Rule.DEPENDENCY_ADDED, Rule.DEPENDENCY_REMOVED, "dependentRequired"),
    (Rule.UNION_ARM_REMOVED, Rule.UNION_ARM_ADDED, "anyOf"),
    (Rule.UNION_MADE_AMBIGUOUS, Rule.UNION_MADE_DISTINCT, "oneOf"),
    (Rule.NOT_WIDENED, Rule.NOT_NARROWED, "not"),
    (Rule.REMOVED_NAME_REUSED, Rule.REMOVED_NAME_REUSED, ""),
    (Rule.SEMANTIC_BREAK, Rule.SEMANTIC_BREAK, ""),
)
_MIRRORS: Final[Mapping[Rule, Rule]] = {a: b for a, b, _ in _ROWS} | {b: a for a, b, _ in _ROWS}
_KEYWORDS: Final[Mapping[Rule, str]] = {each: keyword for a, b, keyword in _ROWS for each in (a, b)}
