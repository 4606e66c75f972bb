"""An app on a store that is there, as verbs that need all of it open it."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Final

from leftfold.app.composition import App
from leftfold.app.opening import open_schema
from leftfold.cli.apps import app_at, urls_of
from leftfold.cli.errors import UsageError
from leftfold.cli.opening import making
from leftfold.cli.options import Source
from leftfold.errors import AccessDenied, SchemaMismatch
from leftfold.store.urls import shown_url
from leftfold.subscriptions.worker import Timing

__all__ = ["named_app", "opened_app"]

_FIRST: Final = (
    "An app makes tables for its rows when it is opened for the first time: open it once where it may write, or look "
    "at a copy"
)


def named_app(source: Source) -> App:
    """The app that a command line names; raises `UsageError` when it names none."""
    if source.app is None:
        raise UsageError("which app? Give --app MODULE:OBJECT or set LEFTFOLD_APP, like --app bank:app")
    return app_at(source.app)


@asynccontextmanager
async def opened_app(app: App, source: Source, *, workers: Timing | None = None) -> AsyncGenerator[App]:
    """*app* on the stores that *source* names, which are not made when they are missing.

    Args:
        source: its URL, see `urls_of`; without one, the app's own stores are opened.
        workers: whether it follows the logs in this process, and how.

    Raises:
        UsageError: contexts would share a store, or the app has an open one.
        SchemaMismatch: there is no store, or none of this version.
        StoreUnavailable: it did not answer; or `AccessDenied`.
    """
    urls = urls_of(app, source.store)
    opening = app.with_settings(store=urls, workers=workers or False)
    for one in urls.values():
        status = await open_schema(one).status()
        if status.found == 0:
            alone = len(urls) == 1
            make = making(one) if alone and source.store else making(source.store, source.app)
            whose = "it" if alone else "those of all contexts"
            advice = f"No store is at {shown_url(one)}; give another one, or make {whose}: {make}"
            raise SchemaMismatch(0, status.needed, advice)
    try:
        await opening.__aenter__()
    except AccessDenied as error:
        raise AccessDenied(error.reason, f"{error.advice}. {_FIRST}", error.code) from error
    try:
        yield opening
    finally:
        await opening.__aexit__(None, None, None)
