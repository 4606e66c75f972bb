"""Stores beside the first, for other contexts: two never share one."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from leftfold.app import open_schema

__all__ = ["all_beside", "beside"]


async def beside(store: str, name: str) -> str:
    """The URL of a store for the context *name*: another file beside it, or another schema of the database."""
    return (await all_beside(store, [name])).replace("{context}", name)


async def all_beside(store: str, names: Sequence[str]) -> str:
    """The URL of stores for the contexts *names*, with `{context}` in it; they are there."""
    kind = store.partition(":")[0]
    if kind == "sqlite":
        path, mark, query = store.partition("?")
        return f"{path.removesuffix('.db')}_{{context}}.db{mark}{query}"
    if kind not in ("postgresql", "postgres"):
        return store
    split = urlsplit(store)
    options = dict(parse_qsl(split.query))
    options["schema"] = f"{options.get('schema', 'leftfold')[:25]}_{{context}}"
    url = split._replace(query=urlencode(options, safe="{}")).geturl()
    for name in names:
        await open_schema(url.replace("{context}", name)).migrate()
    return url
