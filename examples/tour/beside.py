"""Stores beside the first, for other contexts: two never share one."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from leftfold.app import open_schema

__all__ = ["all_beside", "beside", "brought_up"]


async def brought_up(store: str) -> None:
    """Bring a file that older code has made up to date; who keeps a database brings it up by `leftfold migrate`."""
    if store.startswith("sqlite:"):
        await open_schema(store).migrate()


async def beside(store: str, name: str) -> str:
    """The URL of a store for the context *name*: another file beside it, or another schema of the database."""
    return (await all_beside(store, [name])).replace("{context}", name)


async def all_beside(store: str, names: Sequence[str]) -> str:
    """The URL of stores for the contexts *names*, with `{context}` in it; they are there."""
    kind = store.partition(":")[0]
    if kind == "sqlite":
        path, mark, query = store.partition("?")
        url = f"{path.removesuffix('.db')}_{{context}}.db{mark}{query}"
        for name in names:
            await brought_up(url.replace("{context}", name))
        return url
    if kind not in ("postgresql", "postgres"):
        return store
    split = urlsplit(store)
    options = dict(parse_qsl(split.query))
    options["schema"] = f"{options.get('schema', 'leftfold')[:25]}_{{context}}"
    url = split._replace(query=urlencode(options, safe="{}")).geturl()
    for name in names:
        await open_schema(url.replace("{context}", name)).migrate()
    return url
