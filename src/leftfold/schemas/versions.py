"""One version of a message's schema, and what is remembered of properties that are gone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Final, TypeAlias, cast

import msgspec
from msgspec import Struct

from leftfold.schemas.document import Document, InvalidSchema, resolve
from leftfold.schemas.forms import reader_form, writer_form
from leftfold.schemas.reading import Schema, read_schema

__all__ = ["Tombstones", "Version", "property_digests", "property_paths", "tombstones"]

Tombstones: TypeAlias = Mapping[str, str]
"""Properties that are gone: the path of each, as in `Breaking`, and the digest of the last type it had."""

_Raw: TypeAlias = Mapping[str, object]
_WORDS: Final = frozenset(
    {"title", "description", "examples", "default", "deprecated", "$comment", "discriminator", "$defs", "$schema"}
)
_VALUES: Final = frozenset({"enum", "const", "default"})
_UNORDERED: Final = frozenset({"allOf", "anyOf", "oneOf", "required", "enum", "type"})


class Version(Struct, frozen=True, kw_only=True, dict=True, eq=False):
    """One version of a message. What is worked out of its schema is worked out once.

    Args:
        name: how findings call it: "3", "v3", "2024-05".
        schema: its JSON Schema, which must not be changed afterwards. What `msgspec.json.schema` makes of a class fits.
        fills: names of properties of the message itself that its reader fills in when they are missing, by a default
            or an upcaster. A property with a default in a msgspec class is not required and need not be named.
        strict: its reader refuses properties that the schema forbids (`additionalProperties: false`), as a class with
            `forbid_unknown_fields` does; otherwise it ignores them.
        semantic_break: why it breaks with all versions before it whatever the schemas say: another unit, another
            meaning, another order of messages. None when it does not.
    """

    name: str
    schema: Document
    fills: frozenset[str] = frozenset()
    strict: bool = False
    semantic_break: str | None = None

    @cached_property
    def writer(self) -> Schema:
        """What its producer may write.

        Raises:
            InvalidSchema: its schema is malformed.
        """
        return read_schema(writer_form(self._checked))

    @cached_property
    def reader(self) -> Schema:
        """What its consumer takes.

        Raises:
            InvalidSchema: its schema is malformed.
        """
        return read_schema(reader_form(self._checked, fills=self.fills, strict=self.strict))

    @cached_property
    def digests(self) -> Mapping[str, str]:
        """The digest of the type of each property that it has, by path.

        Raises:
            InvalidSchema: its schema is malformed.
        """
        return property_digests(self._checked)

    @cached_property
    def _checked(self) -> Document:
        read_schema(self.schema)
        return self.schema


def tombstones(versions: Iterable[Version], before: Tombstones | None = None) -> dict[str, str]:
    """What to remember of properties that the last of *versions* does not have.

    Args:
        versions: in the order in which they were released.
        before: what is remembered of still older ones. What has come back with the type it had is not gone.

    Raises:
        InvalidSchema: a schema is malformed.
    """
    gone = dict(before or {})
    had: Mapping[str, str] = {}
    for version in versions:
        gone |= {path: digest for path, digest in had.items() if path not in version.digests}
        gone = {path: digest for path, digest in gone.items() if version.digests.get(path) != digest}
        had = version.digests
    return dict(sorted(gone.items()))


def property_digests(document: Document) -> dict[str, str]:
    """The digest of the type of each property of a schema, by path as in `Breaking`.

    Words for people, defaults, the order of what has none and the names of definitions do not change a digest. A
    property of several alternatives has one digest of all its types. Of a schema that is about itself, each property
    is there once.

    Args:
        document: a schema that `read_schema` has read.
    """
    found: dict[str, list[str]] = {}
    for path, schema in _properties(document, document, "", ()):
        found.setdefault(path, []).append(_dump(_canonical(schema, document, {})))
    return {path: _digest("\n".join(sorted(set(types)))) for path, types in sorted(found.items())}


def property_paths(document: Document) -> frozenset[str]:
    """The properties of a schema by path, as in `property_digests`."""
    return frozenset(path for path, _ in _properties(document, document, "", ()))


def _digest(text: str) -> str:
    from hashlib import sha256  # only a lock needs it

    return f"sha256:{sha256(text.encode()).hexdigest()}"


def _properties(schema: object, document: Document, path: str, within: tuple[int, ...]) -> Iterator[tuple[str, object]]:
    if not isinstance(schema, Mapping):
        return
    raw = cast("_Raw", schema)
    if id(raw) in within:
        return
    within = (*within, id(raw))
    for name, part in cast("_Raw", raw.get("properties", {})).items():
        place = f"{path}/{name.replace('~', '~0').replace('/', '~1')}"
        yield place, part
        yield from _properties(part, document, place, within)
    for key in ("items", "additionalProperties"):
        yield from _properties(raw.get(key), document, f"{path}/*", within)
    for index, part in enumerate(cast("list[object]", raw.get("prefixItems", []))):
        yield from _properties(part, document, f"{path}/{index}", within)
    for part in _same_value(raw, document):
        yield from _properties(part, document, path, within)


def _same_value(raw: _Raw, document: Document) -> Iterator[object]:
    for key in ("allOf", "anyOf", "oneOf"):
        yield from cast("list[object]", raw.get(key, []))
    yield from (raw[key] for key in ("then", "else") if key in raw)
    ref = raw.get("$ref")
    if isinstance(ref, str) and (ref == "#" or ref.startswith("#/")):
        yield resolve(document, ref[1:], ref)


def _canonical(schema: object, document: Document, within: Mapping[str, int]) -> object:
    """*schema* without words for people, every reference replaced by what it names, or by its depth if recursive."""
    if not isinstance(schema, Mapping):
        return schema
    raw = cast("_Raw", schema)
    made = {key: _part(key, value, document, within) for key, value in raw.items() if key not in _WORDS}
    ref = made.pop("$ref", None)
    if not isinstance(ref, str) or not (ref == "#" or ref.startswith("#/")):
        return made if ref is None else {**made, "$ref": ref}
    if ref in within:
        return {**made, "$ref": within[ref]}
    target = _canonical(resolve(document, ref[1:], ref), document, {**within, ref: len(within)})
    return {**cast("_Raw", target), **made} if isinstance(target, Mapping) else {**made, "allOf": [target]}


def _part(key: str, value: object, document: Document, within: Mapping[str, int]) -> object:
    if isinstance(value, list):
        items = cast("list[object]", value)
        parts = items if key in _VALUES else [_canonical(item, document, within) for item in items]
        return sorted(parts, key=_dump) if key in _UNORDERED else parts
    if key in _VALUES or not isinstance(value, Mapping):
        return value
    members = cast("_Raw", value)
    if key in {"properties", "patternProperties", "dependentSchemas"}:
        return {name: _canonical(part, document, within) for name, part in members.items()}
    return _canonical(members, document, within)


def _dump(value: object) -> str:
    try:
        return msgspec.json.encode(value, order="deterministic").decode()
    except (TypeError, UnicodeEncodeError) as error:
        raise InvalidSchema("", f"it holds what is no JSON: {error}") from error
