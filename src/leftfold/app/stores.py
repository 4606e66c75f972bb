"""Which store belongs to which context."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Final, TypeAlias

from leftfold.errors import DefinitionError
from leftfold.store.port import Store
from leftfold.store.urls import shown_url

__all__ = ["PLACE", "Stores", "place_flaw", "stores_of"]

Stores: TypeAlias = str | Store | Mapping[str, str | Store]
"""A store URL, which has `{context}` in it when there are several contexts; an open store; or one for each context, by
its name."""

PLACE: Final = "{context}"
"""Where the name of a context goes in a store URL."""

_BRACED: Final = re.compile(r"\{\w*\}")


def place_flaw(url: str) -> str | None:
    """What is in the braces of *url* and is no context; None when nothing is. A password may have braces in it."""
    stray = next((found for found in _BRACED.findall(url.rpartition("@")[2]) if found != PLACE), None)
    return stray and f"store URL {shown_url(url)!r} has {stray} in it; the name of a context goes where {PLACE} is"


def stores_of(contexts: Collection[str], stores: Stores) -> Mapping[str, str | Store]:
    """The URL or the open store of each context, by its name; two never share one by accident.

    Raises:
        DefinitionError: one has none, or would share one, or the URL has something else in braces.
    """
    found = {context: _store_of(context, stores, len(contexts)) for context in contexts}
    for context, store in found.items():
        first = next(one for one, other in found.items() if other is store or other == store)
        if first != context and not (isinstance(store, str) and store.startswith("memory:")):
            shown = repr(shown_url(store)) if isinstance(store, str) else "an open one"
            raise DefinitionError(
                f"store= gives contexts {first!r} and {context!r} the same store, {shown}, where each would take rows "
                "and checkpoints of the other for its own; give each a file, a database or a ?schema= of its own"
            )
    return found


def _store_of(context: str, stores: Stores, contexts: int) -> str | Store:
    if isinstance(stores, str):
        named = _named(stores, context)
        if contexts > 1 and PLACE not in stores and not stores.startswith("memory:"):
            raise DefinitionError(
                f"store={shown_url(stores)!r} would be shared by {contexts} contexts; put {PLACE} into it, or give a "
                "mapping"
            )
        return named
    if isinstance(stores, Mapping):
        if context not in stores:
            raise DefinitionError(f"store= has nothing for context {context!r}; it has {', '.join(map(repr, stores))}")
        return _checked(stores[context], context)
    if contexts > 1:
        raise DefinitionError(f"one open store would be shared by {contexts} contexts; give a mapping by their names")
    return _checked(stores, context)


def _checked(store: str | Store, context: str) -> str | Store:
    given: object = store
    if isinstance(store, str):
        return _named(store, context)
    if not callable(getattr(given, "prepare", None)):
        raise DefinitionError(f"store={given!r:.80} is no store; give a URL, an open store, or a mapping of contexts")
    return store


def _named(url: str, context: str) -> str:
    if flaw := place_flaw(url):
        raise DefinitionError(flaw)
    return url.replace(PLACE, context)
