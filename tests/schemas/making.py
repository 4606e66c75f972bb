"""Random schemas, changes to them, and documents of them; made without the engine."""

from __future__ import annotations

from random import Random
from typing import Final, TypeAlias, cast

Raw: TypeAlias = dict[str, object]

NAMES: Final = ("a", "b", "c", "kind")
WORDS: Final = ("x", "y", "zz", "")
PATTERNS: Final = ("^[a-c]+$", "^x", "[0-9]{2}", "^(ab|c)d?$")
FORMATS: Final = {
    "date": ("2024-02-29", "1999-12-31"),
    "uuid": ("6f2c1a34-0000-4000-8000-0123456789ab",),
    "date-time": ("2024-02-29T10:00:00Z",),
    "decimal": ("1.50", "-3"),
}
TYPES: Final = ("null", "boolean", "integer", "number", "string", "array", "object")


class Maker:
    """Makes everything out of one source of randomness."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def one_of(self, *options: object) -> object:
        return options[self.random.randrange(len(options))]

    def perhaps(self, percent: int = 50) -> bool:
        return self.random.randrange(100) < percent

    def document(self) -> Raw:
        """A whole schema, now and then with definitions, of which one is about itself."""
        if self.perhaps(75):
            return self.schema(3)
        node: Raw = {"type": "object", "properties": {"v": self.schema(1), "kids": {"type": "array"}}}
        back: Raw = {"$ref": "#/$defs/Node"}
        cast("dict[str, Raw]", node["properties"])["kids"]["items"] = (
            {"anyOf": [back, self.schema(1)]} if self.perhaps(30) else back
        )
        if self.perhaps():
            node["required"] = ["v"]
        root = self.schema(2)
        defs = {"Node": node}
        return {"type": "object", "properties": {"root": {"$ref": "#/$defs/Node"}, "more": root}, "$defs": defs}

    def schema(self, depth: int) -> Raw:
        match self.random.randrange(12 if depth > 0 else 6):
            case 0:
                return {"enum": self.values()}
            case 1:
                return self.numbers()
            case 2:
                return self.texts()
            case 3:
                return {"type": self.one_of("boolean", "null")}
            case 4:
                return {"type": [self.one_of(*TYPES[1:5]), "null"]}
            case 5:
                return {"const": self.one_of(*WORDS, 1, 2.5, True, None)}
            case 6:
                return self.arrays(depth - 1)
            case 7:
                return self.choices(depth - 1)
            case 8:
                return self.union(depth - 1)
            case _:
                return self.objects(depth - 1)

    def values(self) -> list[object]:
        return list(dict.fromkeys(self.one_of(*WORDS, 3, 4, 5, None) for _ in range(self.random.randrange(1, 4))))

    def numbers(self) -> Raw:
        made: Raw = {"type": self.one_of("integer", "number")}
        if self.perhaps(40):
            made[str(self.one_of("minimum", "exclusiveMinimum"))] = self.one_of(-1, 0, 1, 2.5)
        if self.perhaps(40):
            made[str(self.one_of("maximum", "exclusiveMaximum"))] = self.one_of(3, 4, 5, 9.5)
        if self.perhaps(25):
            made["multipleOf"] = self.one_of(1, 2, 3, 0.5, 0.1)
        return made

    def texts(self) -> Raw:
        made: Raw = {"type": "string"}
        if self.perhaps(30):
            made["minLength"] = self.random.randrange(3)
        if self.perhaps(30):
            made["maxLength"] = self.random.randrange(2, 5)
        if self.perhaps(15):
            made["pattern"] = self.one_of(*PATTERNS)
        elif self.perhaps(15) and len(made) == 1:
            made["format"] = self.one_of(*FORMATS)
        return made

    def arrays(self, depth: int) -> Raw:
        made: Raw = {"type": "array"}
        if self.perhaps(75):
            made["items"] = self.schema(depth) if self.perhaps(90) else False
        if self.perhaps(20):
            made["prefixItems"] = [self.schema(depth) for _ in range(self.random.randrange(1, 3))]
        for key, percent in (("minItems", 25), ("maxItems", 25)):
            if self.perhaps(percent):
                made[key] = self.random.randrange(4)
        if self.perhaps(10):
            made["uniqueItems"] = True
        if self.perhaps(8):
            made["contains"] = self.schema(0)
            made |= {key: self.random.randrange(3) for key in ("minContains", "maxContains") if self.perhaps(30)}
        return made

    def objects(self, depth: int) -> Raw:
        made: Raw = {"type": "object"}
        names = [name for name in NAMES if self.perhaps()]
        if names or self.perhaps():
            made["properties"] = {name: self.schema(depth) for name in names}
            made["required"] = [name for name in names if self.perhaps()]
        if self.perhaps(20):
            made["additionalProperties"] = self.schema(depth) if self.perhaps(70) else self.perhaps()
        for key, percent in (("minProperties", 7), ("maxProperties", 7)):
            if self.perhaps(percent):
                made[key] = self.random.randrange(4)
        if self.perhaps(6):
            made["patternProperties"] = {self.one_of(*PATTERNS): self.schema(0)}
        if self.perhaps(4):
            made["unevaluatedProperties"] = False
        if self.perhaps(3):
            made["dependentSchemas"] = {self.one_of(*NAMES): self.objects(depth - 1)}
        if self.perhaps(5):
            made["propertyNames"] = self.texts()
        if self.perhaps(5):
            made["dependentRequired"] = {self.one_of(*NAMES): [self.one_of(*NAMES)]}
        return made

    def union(self, depth: int) -> Raw:
        """Alternatives told apart by a tag, as msgspec writes them."""
        arms: list[object] = []
        for tag in ("one", "two", "three")[: self.random.randrange(1, 4)]:
            arm = self.objects(depth)
            properties = cast("Raw", arm.setdefault("properties", {}))
            properties["kind"] = {"enum": [tag]}
            arm["required"] = sorted({"kind", *cast("list[str]", arm.get("required", []))})
            arms.append(arm)
        return {str(self.one_of("anyOf", "oneOf")): arms}

    def choices(self, depth: int) -> Raw:
        match self.random.randrange(8):
            case 0 | 1 | 2:
                return {"anyOf": [self.schema(depth) for _ in range(self.random.randrange(1, 4))]}
            case 3:
                return {"oneOf": [self.schema(depth) for _ in range(self.random.randrange(1, 3))]}
            case 4:
                return {"allOf": [self.schema(depth) for _ in range(self.random.randrange(1, 3))]}
            case 5:
                return {**self.schema(depth), "not": self.schema(0)}
            case 6:
                made: Raw = {"if": self.schema(depth), "then": self.schema(depth)}
                return {**made, "else": self.schema(depth)} if self.perhaps() else made
            case _:
                mixed = {**self.objects(depth), str(self.one_of("allOf", "anyOf")): [self.objects(depth)]}
                return {**mixed, "unevaluatedProperties": False} if self.perhaps(20) else mixed

    def changed_document(self, schema: Raw) -> Raw:
        """A whole schema with a few things done to it."""
        return cast("Raw", self.changed(schema))

    def changed(self, schema: object, depth: int = 3) -> object:
        """*schema* with a few things done to it, somewhere."""
        if not isinstance(schema, dict) or self.perhaps(12):
            return schema if isinstance(schema, bool) else self.schema(min(depth, 1))
        raw = cast("Raw", schema)
        made: Raw = {}
        for key, value in raw.items():
            if self.perhaps(6) and key not in {"$defs", "type", "$ref", "if"}:
                continue
            made[key] = self._changed_value(key, value, depth)
        if self.perhaps(8) and "properties" in made:
            name = str(self.one_of(*NAMES))
            made["properties"] = {**cast("Raw", made["properties"]), name: self.schema(0)}
            if self.perhaps():
                made["required"] = sorted({name, *cast("list[str]", made.get("required", []))})
        return made

    def _changed_value(self, key: str, value: object, depth: int) -> object:
        touch = self.perhaps(15)
        if key in {"items", "not", "if", "then", "else", "contains", "additionalProperties"}:
            return self.changed(value, depth - 1) if touch else value
        if key in {"allOf", "anyOf", "oneOf", "prefixItems"} and isinstance(value, list):
            arms = [self.changed(arm, depth - 1) if self.perhaps(20) else arm for arm in cast("list[object]", value)]
            return [*arms, self.schema(0)] if self.perhaps(10) else arms[: max(1, len(arms) - self.perhaps(10))]
        if key in {"properties", "$defs"}:
            members = cast("Raw", value)
            return {name: self.changed(part, depth - 1) if self.perhaps(25) else part for name, part in members.items()}
        if key == "type":
            return self.one_of("integer", "number", "string") if self.perhaps(5) else value
        if key == "enum" and touch:
            return self.values()
        if isinstance(value, int | float) and not isinstance(value, bool) and touch:
            return abs(value + cast("int", self.one_of(-1, 1, 1))) or 1
        return value
