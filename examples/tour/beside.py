"""A second store beside the first, for a second context: two never share one."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from leftfold.app import open_schema

__all__ = ["beside"]


async def beside(store: str, name: str) -> str:
    """The URL of a store for the context *name*: another file beside it, or another schema of the database."""
    kind = store.partition(":")[0]
    if kind == "sqlite":
        path, mark, query = store.partition("?")
        return f"{path.removesuffix('.db')}_{name}.db{mark}{query}"
    if kind not in ("postgresql", "postgres"):
        return store
    split = urlsplit(store)
    options = dict(parse_qsl(split.query))
    options["schema"] = f"{options.get('schema', 'leftfold')}_{name}"[:40]
    url = split._replace(query=urlencode(options)).geturl()
    await open_schema(url).migrate()
    return url
