"""From a document to nodes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from msgspec import Struct
from msgspec.structs import replace

from leftfold.schemas.document import Document, InvalidSchema, resolve, step_into
from leftfold.schemas.keywords import Raw, count, kinds, listed, named, numbers, of, texts, truth, values, words
from leftfold.schemas.node import NOTHING, TRUE, Choice, Fields, Items, Link, Node, same_place
from leftfold.schemas.values import is_json

__all__ = ["Schema", "read_schema"]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_NUMBERS: Final = frozenset({"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"})
_TEXTS: Final = frozenset({"minLength", "maxLength", "pattern", "format", "contentEncoding", "contentMediaType"})
_ITEMS: Final = frozenset(
    {"prefixItems", "items", "minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains"}
)
_FIELDS: Final = frozenset(
    {
        "properties",
        "required",
        "patternProperties",
        "additionalProperties",
        "propertyNames",
        "minProperties",
        "maxProperties",
        "unevaluatedProperties",
        "dependentRequired",
        "dependentSchemas",
    }
)
_CHOICES: Final = frozenset({"allOf", "anyOf", "oneOf", "not", "if", "then", "else"})
# What a discriminator of OpenAPI says, the tags of the alternatives say too.
_WORDS: Final = frozenset(
    {
        *("title", "description", "examples", "default", "deprecated", "readOnly", "writeOnly", "discriminator"),
        *("$comment", "$schema", "$id", "$anchor", "$defs", "$vocabulary", "contentSchema"),
    }
)
_KNOWN: Final = _NUMBERS | _TEXTS | _ITEMS | _FIELDS | _CHOICES | _WORDS | {"type", "enum", "const", "$ref"}


class Schema(Struct, frozen=True, eq=False):
    """A JSON Schema, read and found to be well formed.

    Args:
        document: what it was read from; do not change it afterwards.
        root: what it says.
        unknown: each keyword that is not known here, with where it stands as a JSON pointer that begins with `#`.
            What a reference reaches is in it; what nothing reaches is not.
    """

    document: Document
    root: Node
    unknown: tuple[tuple[str, str], ...]


def read_schema(document: Document) -> Schema:
    """Read a JSON Schema of draft 2020-12.

    Definitions that nothing refers to are not looked at.

    Args:
        document: decoded JSON. Numbers are taken as their text says them, so decode into Decimal what a float rounds.

    Raises:
        InvalidSchema: it is malformed; the error names where.
    """
    reading = _Reading(document)
    try:
        root = reading.everything()
    except RecursionError as error:
        raise InvalidSchema("", "it is nested too deeply to be read; write parts of it as $defs") from error
    return Schema(document, root, tuple(reading.unknown))


class _Reading:
    def __init__(self, document: Document) -> None:
        self.unknown: list[tuple[str, str]] = []
        self._document = document
        self._links: dict[str, Link] = {}
        self._waiting: list[tuple[str, Link, str]] = []

    def everything(self) -> Node:
        root = self.node(self._document, "")
        self._links.setdefault("", Link()).node = root
        while self._waiting:
            pointer, link, path = self._waiting.pop()
            if link.node is None:
                link.node = self.node(resolve(self._document, pointer, path), pointer)
        if self._links.keys() - {""} or any(same_place(root)):
            for pointer, link in self._links.items():
                _check_ends(link.target, pointer)
        return root

    def node(self, raw: object, path: str) -> Node:
        if raw is True:
            return TRUE
        if raw is False:
            return NOTHING
        if not isinstance(raw, Mapping):
            raise InvalidSchema(path, f"a schema is an object, true or false, not {raw!r:.80}")
        return self._object(cast("Raw", raw), path)

    def _object(self, raw: Raw, path: str) -> Node:
        keys = raw.keys()
        allowed, whole = kinds(raw, path)
        only = values(raw, path) if "enum" in keys or "const" in keys else None
        items = None if keys.isdisjoint(_ITEMS) else self._items(raw, path)
        fields = None if keys.isdisjoint(_FIELDS) else self._fields(raw, path)
        choice = None if keys.isdisjoint(_CHOICES) else self._choice(raw, path)
        unknown = self._strange(raw, path)
        link = self._link(raw, path) if "$ref" in keys else None
        scalar = only is None or all(each is None or isinstance(each, str) for each in only)
        node = Node(
            raw=raw,
            plain=scalar and not (unknown or fields or "$ref" in keys) and _all_plain(items, choice),
            kinds=allowed,
            whole=whole,
            values=only,
            numbers=None if keys.isdisjoint(_NUMBERS) else numbers(raw, path),
            texts=None if keys.isdisjoint(_TEXTS) else texts(raw, path),
            items=items,
            fields=fields,
            unknown=unknown,
            hints=_hints(raw) if "default" in keys or "examples" in keys else (),
        )
        return node if choice is None and link is None else replace(node, choice=choice, link=link, bare=node)

    def _strange(self, raw: Raw, path: str) -> tuple[str, ...]:
        strange = [key for key in raw if key not in _KNOWN]
        if "$schema" in raw and str(raw["$schema"]).rstrip("#") != _DIALECT:
            strange.append("$schema")
        if "$id" in raw and path:
            strange.append("$id")
        ref = raw.get("$ref", "#")
        if isinstance(ref, str) and ref != "#" and not ref.startswith("#/"):
            strange.append("$ref")
        if raw.get("unevaluatedItems") is True:
            strange.remove("unevaluatedItems")
        if not isinstance(raw.get("unevaluatedProperties", True), bool):
            strange.append("unevaluatedProperties")
        self.unknown += [(key, f"#{path}") for key in strange]
        return tuple(strange)

    def _link(self, raw: Raw, path: str) -> Link | None:
        ref = raw["$ref"]
        if not isinstance(ref, str):
            raise InvalidSchema(step_into(path, "$ref"), f"{ref!r:.80} is no reference")
        if ref != "#" and not ref.startswith("#/"):
            return None
        pointer = ref[1:]
        link = self._links.get(pointer)
        if link is None:
            link = self._links[pointer] = Link()
            self._waiting.append((pointer, link, step_into(path, "$ref")))
        return link

    def _items(self, raw: Raw, path: str) -> Items:
        fewest = of(raw, "minContains", path, count)
        return Items(
            prefix=self._nodes(raw, "prefixItems", path) or (),
            rest=of(raw, "items", path, self.node),
            least=of(raw, "minItems", path, count) or 0,
            most=of(raw, "maxItems", path, count),
            unique=of(raw, "uniqueItems", path, truth) or False,
            contains=of(raw, "contains", path, self.node),
            fewest=1 if fewest is None else fewest,
            utmost=of(raw, "maxContains", path, count),
        )

    def _fields(self, raw: Raw, path: str) -> Fields:
        demands = of(raw, "dependentRequired", path, named)
        return Fields(
            properties=self._members(raw, "properties", path),
            required=of(raw, "required", path, words) or frozenset(),
            patterns=tuple(self._members(raw, "patternProperties", path).items()),
            rest=of(raw, "additionalProperties", path, self.node),
            names=of(raw, "propertyNames", path, self.node),
            least=of(raw, "minProperties", path, count) or 0,
            most=of(raw, "maxProperties", path, count),
            sealed=raw.get("unevaluatedProperties") is False,
            demands={name: words(part, step_into(path, "dependentRequired")) for name, part in demands or ()},
            dependents=self._members(raw, "dependentSchemas", path),
        )

    def _choice(self, raw: Raw, path: str) -> Choice:
        condition = of(raw, "if", path, self.node)
        then, other = of(raw, "then", path, self.node), of(raw, "else", path, self.node)
        return Choice(
            every=self._nodes(raw, "allOf", path) or (),
            some=self._nodes(raw, "anyOf", path),
            one=self._nodes(raw, "oneOf", path),
            never=of(raw, "not", path, self.node),
            condition=None if condition is None else (condition, then, other),
        )

    def _nodes(self, raw: Raw, key: str, path: str) -> tuple[Node, ...] | None:
        if key not in raw:
            return None
        place = step_into(path, key)
        parts = listed(raw[key], place, "a list of schemas")
        return tuple(self.node(part, step_into(place, index)) for index, part in enumerate(parts))

    def _members(self, raw: Raw, key: str, path: str) -> dict[str, Node]:
        if key not in raw:
            return {}
        place = step_into(path, key)
        return {name: self.node(part, step_into(place, name)) for name, part in named(raw[key], place)}


def _all_plain(items: Items | None, choice: Choice | None) -> bool:
    parts: list[Node | None] = []
    if items is not None:
        parts += [*items.prefix, items.rest, items.contains]
    if choice is not None:
        parts += [*choice.every, *(choice.some or ()), *(choice.one or ()), choice.never, *(choice.condition or ())]
    return all(part is None or part.plain for part in parts)


def _hints(raw: Raw) -> tuple[object, ...]:
    examples = raw.get("examples")
    given = cast("list[object]", examples) if isinstance(examples, list) else []
    return tuple(each for each in (*given, *([raw["default"]] if "default" in raw else [])) if is_json(each))


def _check_ends(node: Node, pointer: str) -> None:
    """A schema that says of a value only what it says of the same value would never end."""
    waiting, seen = list(same_place(node)), set[Node]()
    while waiting:
        each = waiting.pop()
        if each is node:
            raise InvalidSchema(pointer, "its references come back to itself without going into a property or an item")
        if each not in seen:
            seen.add(each)
            waiting += same_place(each)
