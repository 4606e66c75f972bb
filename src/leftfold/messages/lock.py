"""The lock: which names and schemas of events were released, kept in a file that is committed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeAlias, cast

import msgspec
from msgspec import Struct

from leftfold.errors import DefinitionError
from leftfold.messages.key_schemas import components_of
from leftfold.messages.registry import Registry

__all__ = ["Difference", "Lock", "check_registry", "differences", "dump_lock", "load_lock", "lock_of", "schema_digest"]

Lock: TypeAlias = Mapping[str, Mapping[str, str]]
"""The locked events of one registry: stored name, then version (in decimal digits), then digest of the schema."""
_Schema: TypeAlias = Mapping[str, Any]

# A discriminator only repeats, with class names, what the tags of the alternatives say.
_WORDS = frozenset({"title", "description", "examples", "$comment", "discriminator"})


class Difference(Struct, frozen=True):
    """One way in which a registry departs from its lock.

    Args:
        kind: `vanished` and `changed` break stored events; `added` only has to be locked.
        registry: name of the registry.
        name: stored name of the event.
        version: its schema version, counted from 1.
    """

    kind: Literal["vanished", "changed", "added"]
    registry: str
    name: str
    version: int

    def __str__(self) -> str:
        event = f"{self.registry}: event {self.name!r} v{self.version}"
        match self.kind:
            case "vanished":
                return (
                    f"{event} is locked, but no class stands for it any more. Register it again; if its class was "
                    f"renamed, give the class name={self.name!r}, or the registry aliases={{{self.name!r}: TheClass}}"
                )
            case "changed":
                return (
                    f"{event} has another schema than the locked one, so stored events may not read back. Put the "
                    f"fields back and declare the change as a class with version={self.version + 1}"
                )
            case "added":
                return f"{event} is not locked yet"


def check_registry(given: object) -> None:
    """Raise `DefinitionError` unless *given* is a registry."""
    if not isinstance(given, Registry):
        raise DefinitionError(f"{given!r:.80} is no Registry; give that of a context, as App(context, ...).registry is")


def lock_of(registry: Registry) -> Lock:
    """What a lock of *registry* as it is now holds; an alias holds what its class holds.

    Raises:
        DefinitionError: it is no registry.
    """
    check_registry(registry)
    locked: dict[str, dict[str, str]] = {}
    for cls in registry.types:
        name, version = registry.key_of(cls)
        locked.setdefault(name, {})[str(version)] = schema_digest(cls)
    return locked | {alias: locked[name] for alias, name in registry.aliases.items()}


def differences(locked: Lock, registry: Registry) -> tuple[Difference, ...]:
    """How *registry* departs from what is *locked*, by name and version; empty when it does not."""
    return tuple(_differences(locked, lock_of(registry), registry.name))


def dump_lock(locks: Mapping[str, Lock]) -> str:
    """Write the locks of several registries, by registry name, as text to commit: sorted JSON, a line per version."""
    return msgspec.json.format(_dump(locks), indent=2).decode() + "\n"


def load_lock(text: str) -> dict[str, Lock]:
    """Read what `dump_lock` wrote.

    Raises:
        DefinitionError: the text is not such a lock, after a merge conflict for instance.
    """
    try:
        return dict(msgspec.json.decode(text, type=dict[str, dict[str, dict[str, str]]]))
    except (ValueError, RecursionError) as error:
        raise DefinitionError(f"the lock cannot be read: {error}. Take the committed file back") from error


def schema_digest(cls: type) -> str:
    """A digest of the JSON Schema of *cls* that names, docstrings and the order of fields do not change."""
    schema, components = components_of(cls, "{name}")
    from hashlib import sha256  # only a lock needs it

    return f"sha256:{sha256(_dump(_canonical(schema, components, {}))).hexdigest()}"


def _canonical(schema: _Schema, components: Mapping[str, _Schema], within: Mapping[str, int]) -> _Schema:
    """*schema* without words for people, every reference replaced by what it names, or by its depth when recursive."""
    plain = {key: _plain(key, value, components, within) for key, value in schema.items() if key not in _WORDS}
    ref = plain.pop("$ref", None)
    if not isinstance(ref, str):
        return plain
    if ref in within:
        return {**plain, "$ref": within[ref]}
    return {**_canonical(components[ref], components, {**within, ref: len(within)}), **plain}


def _plain(key: str, value: object, components: Mapping[str, _Schema], within: Mapping[str, int]) -> object:
    if key in {"default", "enum", "const"}:
        return value
    if isinstance(value, list):
        items = cast("list[object]", value)
        parts = [_plain("", item, components, within) for item in items]
        return sorted(parts, key=_dump) if key in {"anyOf", "required"} else parts
    if not isinstance(value, dict):
        return value
    schema = cast("_Schema", value)
    if key in {"properties", "patternProperties"}:
        return {name: _canonical(part, components, within) for name, part in schema.items()}
    return _canonical(schema, components, within)


def _dump(value: object) -> bytes:
    return msgspec.json.encode(value, order="deterministic")


def _differences(locked: Lock, now: Lock, registry: str) -> Iterator[Difference]:
    old, new = _flat(locked), _flat(now)
    for name, version in sorted(old.keys() | new.keys()):
        if (name, version) not in new:
            yield Difference("vanished", registry, name, version)
        elif (name, version) not in old:
            yield Difference("added", registry, name, version)
        elif old[name, version] != new[name, version]:
            yield Difference("changed", registry, name, version)


def _flat(lock: Lock) -> dict[tuple[str, int], str]:
    return {(name, int(version)): digest for name, versions in lock.items() for version, digest in versions.items()}
