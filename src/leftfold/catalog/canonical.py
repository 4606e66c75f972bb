"""The one form of a descriptor: sorted, so that two of the same content are the same text, with a digest of it."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256
from typing import TypeVar

import msgspec
from msgspec.structs import replace

from leftfold.catalog.descriptor import FORMAT, Descriptor

__all__ = ["digest_of", "dump_descriptor", "normalised", "same_text", "with_digest", "written"]

T = TypeVar("T")


def normalised(descriptor: Descriptor) -> Descriptor:
    """*descriptor* with everything in order, each thing once, and no digest."""
    return replace(
        descriptor,
        modules=tuple(sorted(set(descriptor.modules))),
        relations=tuple(sorted(set(descriptor.relations))),
        publishes=_once(descriptor.publishes),
        consumes=_once(replace(one, reads=_sorted(one.reads)) for one in descriptor.consumes),
        handlers=_once(replace(one, emits=_once(one.emits)) for one in descriptor.handlers),
        commands=tuple(sorted(set(descriptor.commands))),
        queries=tuple(sorted(set(descriptor.queries))),
        apis=tuple(sorted(set(descriptor.apis))),
        digest="",
    )


def with_digest(descriptor: Descriptor) -> Descriptor:
    """*descriptor* in its one form, with the digest of that; places do not count for it."""
    return replace(normalised(descriptor), digest=digest_of(descriptor))


def digest_of(descriptor: Descriptor) -> str:
    """The digest of its content: the same in whatever order, with whatever places."""
    return f"sha256:{sha256(same_text(_placeless(descriptor))).hexdigest()}"


def same_text(value: object) -> bytes:
    """Compact JSON, the same for what is equal."""
    return msgspec.json.encode(value, order="deterministic")


def written(descriptor: Descriptor) -> dict[str, object]:
    """*descriptor* in its one form as what JSON holds, the format and the name first."""
    fields: dict[str, object] = msgspec.to_builtins(with_digest(descriptor), order="deterministic")
    return {"descriptor": FORMAT, "name": descriptor.name} | fields


def dump_descriptor(descriptor: Descriptor) -> str:
    """The text to commit: two blanks in, a line break at the end."""
    return msgspec.json.format(msgspec.json.encode(written(descriptor)), indent=2).decode() + "\n"


def _placeless(descriptor: Descriptor) -> Descriptor:
    """*descriptor* as it is wherever its lines are."""
    return normalised(
        replace(
            descriptor,
            relations=tuple(replace(one, place="") for one in descriptor.relations),
            publishes=tuple(replace(one, place="") for one in descriptor.publishes),
            consumes=tuple(replace(one, place="", named="") for one in descriptor.consumes),
            handlers=tuple(replace(one, place="") for one in descriptor.handlers),
            place="",
        )
    )


def _once(items: Iterable[T]) -> tuple[T, ...]:
    known = {same_text(item): item for item in items}
    return tuple(known[text] for text in sorted(known))


def _sorted(reads: tuple[str, ...] | None) -> tuple[str, ...] | None:
    return None if reads is None else tuple(sorted(set(reads)))
