"""Random documents that a schema may accept; made without the engine."""

from __future__ import annotations

from typing import Final, cast

from tests.schemas.making import FORMATS, NAMES, TYPES, WORDS, Maker, Raw

TEXTS: Final = ("", "x", "xy", "abc", "cd", "42", "zz top", "q" * 6)


class Writer:
    """Writes documents of one schema; what it writes is to be looked at by a validator before it is used."""

    def __init__(self, maker: Maker, root: object) -> None:
        self.maker = maker
        self.root = root

    def document(self) -> object:
        return self.of(self.root, 6)

    def of(self, schema: object, depth: int) -> object:
        if not isinstance(schema, dict) or depth < 0 or not schema:
            return self.maker.one_of(None, True, 0, "x", [], {})
        raw = cast("Raw", schema)
        if "const" in raw:
            return raw["const"]
        if "enum" in raw:
            return self.maker.one_of(*cast("list[object]", raw["enum"])) if raw["enum"] else None
        if "$ref" in raw:
            return self.of(self._target(str(raw["$ref"])), depth - 1)
        parts = [cast("list[object]", raw[key]) for key in ("anyOf", "oneOf", "allOf") if raw.get(key)]
        beside = [self.of(self.maker.one_of(*part), depth - 1) for part in parts]
        beside += [self.of(raw[key], depth - 1) for key in ("if", "then", "else") if key in raw]
        made = self._own(raw, depth)
        for value in beside:
            made = self._joined(made, value)
        return made

    def _joined(self, one: object, other: object) -> object:
        both = [cast("Raw", each) for each in (one, other) if isinstance(each, dict)]
        if len(both) > 1:
            return both[0] | both[1]
        return other if self.maker.perhaps(80) else one

    def _target(self, ref: str) -> object:
        found = self.root
        for part in ref.removeprefix("#").split("/")[1:]:
            found = cast("Raw", found)[part.replace("~1", "/").replace("~0", "~")]
        return found

    def _own(self, raw: Raw, depth: int) -> object:
        said = raw.get("type", list(TYPES))
        match self.maker.one_of(*cast("list[object]", said)) if isinstance(said, list) else said:
            case "null":
                return None
            case "boolean":
                return self.maker.perhaps()
            case "integer" | "number" as kind:
                return self._number(raw, whole=kind == "integer")
            case "string":
                return self._text(raw)
            case "array":
                return self._array(raw, depth)
            case _:
                return self._object(raw, depth)

    def _number(self, raw: Raw, *, whole: bool) -> object:
        near = [cast("float", raw[key]) for key in raw if key.endswith(("inimum", "aximum", "multipleOf"))]
        number = cast("float", self.maker.one_of(0, 1, 7, *near)) + cast("int", self.maker.one_of(0, 0, 1, -1, 2))
        if whole:
            return int(number)
        return number + cast("float", self.maker.one_of(0, 0, 0.5, 0.25))

    def _text(self, raw: Raw) -> object:
        if "format" in raw:
            return self.maker.one_of(*FORMATS[str(raw["format"])])
        length = cast("int", raw.get("minLength", raw.get("maxLength", 1)))
        return self.maker.one_of(*TEXTS, *WORDS, "a" * length, "x" * length)

    def _array(self, raw: Raw, depth: int) -> object:
        prefix = cast("list[object]", raw.get("prefixItems", []))
        least = cast("int", raw.get("minItems", 0))
        size = least + self.maker.random.randrange(3)
        made = [self.of(part, depth - 1) for part in prefix[:size]]
        made += [
            self.of(raw.get("items", {}), depth - 1) for _ in range(size - len(made)) if raw.get("items") is not False
        ]
        if "contains" in raw and self.maker.perhaps(80):
            made.append(self.of(raw["contains"], depth - 1))
        return made

    def _object(self, raw: Raw, depth: int) -> object:
        properties = cast("Raw", raw.get("properties", {}))
        required = cast("list[str]", raw.get("required", []))
        made: Raw = {}
        for name, part in properties.items():
            if part is not False and (name in required or self.maker.perhaps(60 if depth > 2 else 25)):
                made[name] = self.of(part, depth - 1)
        rest = raw.get("additionalProperties", {})
        for name in (*NAMES, "x", "ab", "42"):
            if name not in made and rest is not False and self.maker.perhaps(100 if name in required else 15):
                made[name] = self.of(rest, depth - 1)
        for part in cast("Raw", raw.get("patternProperties", {})).values():
            made |= {name: self.of(part, depth - 1) for name in ("x", "cd", "42") if self.maker.perhaps(20)}
        return made
