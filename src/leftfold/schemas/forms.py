"""The two forms of one schema: what its producer may write, and what its consumer takes."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from typing import Final, Literal, TypeAlias, cast

from leftfold.schemas.document import Document, resolve

__all__ = ["reader_form", "writer_form"]

_Raw: TypeAlias = dict[str, object]
# How a schema stands: for a whole value; for a part of what is said of it; as a question that is only asked.
_Role: TypeAlias = Literal["whole", "part", "asked"]

_ODD: Final = re.compile(r"[^\w.$-]", re.ASCII)
_SCHEMAS: Final = frozenset({"items", "additionalProperties"})
_LISTS: Final = frozenset({"prefixItems"})
_NAMED: Final = frozenset({"properties", "patternProperties"})
_ASKED: Final = frozenset({"not", "if", "contains", "propertyNames"})
_PARTS: Final = frozenset({"allOf", "anyOf", "oneOf", "$ref", "then", "else", "dependentSchemas"})
_ALONE: Final = frozenset({"allOf", "anyOf", "oneOf", "$ref"})
# Definitions get other names, to which a discriminator of OpenAPI would not lead; the tags say the same.
_LEFT_OUT: Final = frozenset({"$defs", "discriminator"})
_CLOSURES: Final = ("additionalProperties", "unevaluatedProperties")


def writer_form(document: Document) -> Document:
    """What a producer of this schema may write: closed.

    An object has no properties but those that its schema speaks of, at every depth, in every alternative and every
    definition. A schema that says something else of them, as that of a mapping with `additionalProperties` does, keeps
    it, and one that speaks of no property leaves all free. Conditions (`if`, `not`, `contains`) stay as they are.

    Args:
        document: a schema that `read_schema` has read.

    Raises:
        InvalidSchema: a reference names nothing.
    """
    return _Form(document, _closed).whole()


def reader_form(document: Document, *, fills: Collection[str] = (), strict: bool = False) -> Document:
    """What a consumer of this schema takes: open.

    Properties that it does not know are ignored, at every depth, in every alternative and every definition:
    `additionalProperties: false` and `unevaluatedProperties: false` say nothing any more; where they stood in
    alternatives of `oneOf`, those become alternatives of `anyOf`, as a reader then takes the first that fits. Schemas
    of other properties, as those of a mapping, stay. Conditions (`if`, `not`, `contains`) stay as they are.

    Args:
        document: a schema that `read_schema` has read.
        fills: names of properties of the message itself that its consumer fills in when they are missing, by a
            default or an upcaster; they need not be there.
        strict: it refuses what the schema forbids: only *fills* counts, the rest stays as it is.

    Raises:
        InvalidSchema: a reference names nothing.
    """
    opened = document if strict else _Form(document, _opened).whole()
    if isinstance(opened, bool) or not fills:
        return opened
    return _without(opened, frozenset(fills), opened)


class _Form:
    """Rewrites a document; what references name becomes one definition for each role that it stands in."""

    def __init__(self, document: Document, change: Callable[[_Form, _Raw, _Role], _Raw]) -> None:
        self.document = document
        self._change = change
        self._made: dict[tuple[str, _Role], str] = {("", "whole"): "#"}
        self._names: dict[tuple[str, _Role], str] = {}
        self._waiting: list[tuple[str, _Role]] = []
        self._definitions: _Raw = {}

    def whole(self) -> Document:
        root = self.schema(self.document, "whole")
        while self._waiting:
            pointer, role = self._waiting.pop()
            self._definitions[self._name(pointer, role)] = self.schema(resolve(self.document, pointer, pointer), role)
        if isinstance(root, bool) or not self._definitions:
            return cast("Document", root)
        return {**cast("_Raw", root), "$defs": self._definitions}

    def schema(self, schema: object, role: _Role) -> object:
        if not isinstance(schema, Mapping):
            return schema
        raw = {key: value for key, value in cast("_Raw", schema).items() if key not in _LEFT_OUT}
        return self._change(self, raw, role)

    def inside(self, raw: _Raw, role: _Role, parts: _Role) -> _Raw:
        """*raw* with all schemas in it changed; those about the same value in the role *parts*."""
        below: _Role = "asked" if role == "asked" else "whole"
        made: _Raw = {}
        for key, value in raw.items():
            if key == "$ref":
                made[key] = self._reference(value, parts)
            elif key in _NAMED or key == "dependentSchemas":
                made[key] = self._named(value, below if key in _NAMED else parts)
            elif key in _SCHEMAS:
                made[key] = self.schema(value, below)
            elif key in _ASKED:
                made[key] = self.schema(value, "asked")
            elif key in _LISTS or key in _PARTS:
                role_inside = below if key in _LISTS else parts
                made[key] = (
                    [self.schema(part, role_inside) for part in cast("list[object]", value)]
                    if isinstance(value, list)
                    else self.schema(value, parts)
                )
            else:
                made[key] = value
        return made

    def _named(self, value: object, role: _Role) -> object:
        return {name: self.schema(part, role) for name, part in cast("_Raw", value).items()}

    def _reference(self, ref: object, role: _Role) -> object:
        if not isinstance(ref, str) or not (ref == "#" or ref.startswith("#/")):
            return ref
        pointer = ref[1:]
        key = (pointer, role)
        if key not in self._made:
            self._made[key] = f"#/$defs/{self._name(pointer, role)}"
            self._waiting.append(key)
        return self._made[key]

    def _name(self, pointer: str, role: _Role) -> str:
        """A name for a definition that any reference can hold as it is."""
        key = (pointer, role)
        if key not in self._names:
            plain = _ODD.sub("_", pointer.removeprefix("/$defs/")) + ("" if role == "whole" else f".{role}")
            taken = self._names.values()
            self._names[key] = plain if plain not in taken else f"{plain}.{len(taken)}"
        return self._names[key]


def _closed(form: _Form, raw: _Raw, role: _Role) -> _Raw:
    inplace = _PARTS & raw.keys()
    if role != "whole":
        return form.inside(raw, role, role)
    if any(key in raw for key in _CLOSURES):
        return form.inside(raw, role, "part")
    if not inplace:
        return {**form.inside(raw, role, role), **({"additionalProperties": False} if "properties" in raw else {})}
    if "properties" not in raw and len(inplace) == 1 and inplace <= _ALONE and not _several(raw):
        return form.inside(raw, role, role)
    made = form.inside(raw, role, "part")
    return {**made, "unevaluatedProperties": False} if _speaks(raw, form.document, set()) else made


def _several(raw: _Raw) -> bool:
    every = raw.get("allOf")
    return isinstance(every, list) and len(cast("list[object]", every)) > 1


def _speaks(schema: object, document: Document, seen: set[str]) -> bool:
    """Whether a schema, or a part of it about the same value, speaks of properties."""
    if not isinstance(schema, Mapping):
        return False
    raw = cast("_Raw", schema)
    if "properties" in raw:
        return True
    ref = raw.get("$ref")
    if isinstance(ref, str) and (ref == "#" or ref.startswith("#/")) and ref not in seen:
        seen.add(ref)
        if _speaks(resolve(document, ref[1:], ref), document, seen):
            return True
    parts = [raw[key] for key in ("then", "else") if key in raw]
    for key in ("allOf", "anyOf", "oneOf"):
        parts += cast("list[object]", raw.get(key, []))
    parts += cast("_Raw", raw.get("dependentSchemas", {})).values()
    return any(_speaks(part, document, seen) for part in parts)


def _opened(form: _Form, raw: _Raw, role: _Role) -> _Raw:
    made = form.inside(raw, role, role)
    if role == "asked":
        return made
    for key in _CLOSURES:
        if made.get(key) is False:
            del made[key]
    one = raw.get("oneOf")
    if isinstance(one, list) and _shuts(cast("list[object]", one), form.document, set()):
        opened = {"anyOf": made.pop("oneOf")}
        made |= opened if "anyOf" not in raw else {"allOf": [*cast("list[object]", made.get("allOf", [])), opened]}
    return made


def _shuts(schema: object, document: Document, seen: set[str]) -> bool:
    """Whether something that opening takes away stands anywhere in it."""
    if isinstance(schema, list):
        return any(_shuts(part, document, seen) for part in cast("list[object]", schema))
    if not isinstance(schema, Mapping):
        return False
    raw = cast("_Raw", schema)
    if any(raw.get(key) is False for key in _CLOSURES):
        return True
    ref = raw.get("$ref")
    if isinstance(ref, str) and (ref == "#" or ref.startswith("#/")) and ref not in seen:
        seen.add(ref)
        if _shuts(resolve(document, ref[1:], ref), document, seen):
            return True
    return any(_shuts(part, document, seen) for part in raw.values())


def _without(opened: Mapping[str, object], names: frozenset[str], document: Mapping[str, object]) -> Document:
    """*opened* in which *names* need not be there, in every alternative of the message itself."""
    made = dict(opened)
    required = made.get("required")
    if isinstance(required, list | tuple):
        made["required"] = [name for name in cast("list[object]", required) if name not in names]
    for key in ("allOf", "anyOf", "oneOf"):
        if key in made:
            made[key] = [_freed(part, names, document) for part in cast("list[object]", made[key])]
    ref = made.get("$ref")
    if isinstance(ref, str) and ref.startswith("#/"):
        del made["$ref"]
        made["allOf"] = [
            *cast("list[object]", made.get("allOf", [])),
            _freed(resolve(document, ref[1:], ref), names, document),
        ]
    return made


def _freed(part: object, names: frozenset[str], document: Mapping[str, object]) -> object:
    return _without(cast("_Raw", part), names, document) if isinstance(part, Mapping) else part
