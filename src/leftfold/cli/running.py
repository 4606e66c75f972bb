"""An app on a store that is there, as verbs that need all of it open it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from leftfold.app.composition import App
from leftfold.app.opening import open_schema
from leftfold.cli.errors import UsageError
from leftfold.cli.opening import app_at, urls_of
from leftfold.cli.options import Source
from leftfold.errors import SchemaMismatch
from leftfold.store.urls import shown_url
from leftfold.subscriptions.worker import Timing

__all__ = ["named_app", "opened_app"]


def named_app(source: Source) -> App:
    """The app that a command line names; raises `UsageError` when it names none."""
    if source.app is None:
        raise UsageError("which app? Give --app MODULE:OBJECT or set LEFTFOLD_APP, like --app bank:app")
    return app_at(source.app)


@asynccontextmanager
async def opened_app(app: App, store: str | None, *, workers: Timing | None = None) -> AsyncGenerator[App]:
    """*app* on its stores, which are not made when they are missing.

    Args:
        store: their URL, see `urls_of`; None for the app's own.
        workers: whether it follows the logs in this process, and how.

    Raises:
        UsageError: contexts would share a store, or the app has an open one.
        SchemaMismatch: there is no store, or none of this version.
        StoreUnavailable: it did not answer; or `AccessDenied`.
    """
    urls = urls_of(app, store)
    opening = app.with_settings(store=urls, workers=workers or False)
    for one in urls.values():
        status = await open_schema(one).status()
        if status.found == 0:
            make = "leftfold migrate" if len(urls) == 1 else "leftfold migrate --app MODULE:OBJECT, for all contexts"
            advice = f"No store is at {shown_url(one)}; see --store, or make one: {make}"
            raise SchemaMismatch(0, status.needed, advice)
    await opening.__aenter__()
    try:
        yield opening
    finally:
        await opening.__aexit__(None, None, None)
