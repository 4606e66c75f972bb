"""The fields of an event, read from its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

__all__ = ["fields_in", "has_field", "overlaps"]

_Schema = Mapping[str, object]


def fields_in(schema: Mapping[str, object]) -> dict[str, str]:
    """Every field of what *schema* describes, with its type, sorted.

    A field is named by its JSON pointer, with `*` for any item of an array or any key of a mapping. What refers to
    itself is entered no further.
    """
    return dict(sorted(_walk(schema, schema, "", frozenset())))


def has_field(fields: Mapping[str, str], pointer: str) -> bool:
    """Whether a field is there: it is named, or is inside one of whose parts nothing is said."""
    if pointer in fields:
        return True
    parts = pointer.split("/")
    for length in range(len(parts) - 1, 1, -1):
        around = "/".join(parts[:length])
        if around in fields:
            inside = any(one.startswith(f"{around}/") for one in fields)
            return not inside and any(word in fields[around] for word in ("object", "array", "any"))
    return False


def overlaps(one: str, other: str) -> bool:
    """Whether two pointers are the same, or one is inside the other."""
    return f"{one}/".startswith(f"{other}/") or f"{other}/".startswith(f"{one}/")


def _walk(schema: _Schema, root: _Schema, at: str, within: frozenset[str]) -> Iterator[tuple[str, str]]:
    found, within = _resolved(schema, root, within)
    for name, part in _schemas(found.get("properties")):
        pointer = f"{at}/{name.replace('~', '~0').replace('/', '~1')}"
        yield pointer, _type(part, root)
        yield from _walk(part, root, pointer, within)
    for keyword in ("items", "additionalProperties"):
        below = found.get(keyword)
        if isinstance(below, dict):
            inner = cast("_Schema", below)
            yield f"{at}/*", _type(inner, root)
            yield from _walk(inner, root, f"{at}/*", within)
    for keyword in ("anyOf", "oneOf", "allOf", "prefixItems"):
        for arm in _arms(found, keyword):
            yield from _walk(arm, root, f"{at}/*" if keyword == "prefixItems" else at, within)


def _type(schema: _Schema, root: _Schema) -> str:
    found, _ = _resolved(schema, root, frozenset())
    arms = [_type(arm, root) for keyword in ("anyOf", "oneOf") for arm in _arms(found, keyword)]
    if arms:
        return " | ".join(dict.fromkeys(arms))
    said = found.get("type")
    if isinstance(said, list):
        return " | ".join(str(each) for each in cast("list[object]", said))
    if said is None and "enum" in found:
        return "enum"
    form = found.get("format")
    return f"{said or 'any'}{f' ({form})' if form else ''}"


def _resolved(schema: _Schema, root: _Schema, within: frozenset[str]) -> tuple[_Schema, frozenset[str]]:
    """What *schema* refers to inside *root*; nothing when that is what is being walked already."""
    while isinstance(ref := schema.get("$ref"), str):
        if ref in within:
            return {}, within
        within |= {ref}
        schema = _at(root, ref)
    return schema, within


def _at(root: _Schema, ref: str) -> _Schema:
    """What a local reference names; nothing when it names nothing here."""
    found: object = root if ref.startswith("#") else None
    for part in ref.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        found = cast("_Schema", found).get(key) if isinstance(found, dict) else None
    return cast("_Schema", found) if isinstance(found, dict) else {}


def _schemas(found: object) -> Iterator[tuple[str, _Schema]]:
    if isinstance(found, dict):
        for name, part in cast("_Schema", found).items():
            if isinstance(part, dict):
                yield name, cast("_Schema", part)
            elif isinstance(part, bool):
                yield name, {}


def _arms(schema: _Schema, keyword: str) -> Iterator[_Schema]:
    found = schema.get(keyword)
    if isinstance(found, list):
        for arm in cast("list[object]", found):
            if isinstance(arm, dict):
                yield cast("_Schema", arm)
