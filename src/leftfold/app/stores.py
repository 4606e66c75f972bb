"""Which store belongs to which context."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from leftfold.errors import DefinitionError
from leftfold.store.port import Store

__all__ = ["Stores", "store_of"]

Stores: TypeAlias = str | Store | Mapping[str, str | Store]
"""A store URL, which has `{context}` in it when there are several contexts; an open store; or one for each context, by
its name."""

_PLACE: Final = "{context}"


def store_of(context: str, stores: Stores, contexts: int) -> str | Store:
    """The URL or the open store of one context.

    Args:
        contexts: how many there are; two never share a store by accident.

    Raises:
        DefinitionError: it has none, or would share one.
    """
    if isinstance(stores, str):
        if contexts > 1 and _PLACE not in stores and not stores.startswith("memory:"):
            raise DefinitionError(
                f"store={stores!r} would be shared by {contexts} contexts; put {_PLACE} into it, or give a mapping"
            )
        return stores.replace(_PLACE, context)
    if isinstance(stores, Mapping):
        if context not in stores:
            raise DefinitionError(f"store= has nothing for context {context!r}; it has {', '.join(map(repr, stores))}")
        return stores[context]
    if contexts > 1:
        raise DefinitionError(f"one open store would be shared by {contexts} contexts; give a mapping by their names")
    return stores
