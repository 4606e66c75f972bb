"""From a query to its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Sequence
from typing import Protocol, TypeVar, cast

from leftfold.handling.injection import Handling
from leftfold.handling.loading import Loader
from leftfold.handling.middleware import Call, Kind, Middleware, around
from leftfold.handling.routing import QueryRoute, Routes
from leftfold.messages.metadata import NO_METADATA, Metadata, check_metadata
from leftfold.messages.query import Query

__all__ = ["Keeping", "QueryBus"]

R = TypeVar("R")


class Keeping(Protocol):
    """Keeps the answers of queries whose handlers have `cache=`."""

    def kept(self, key: Hashable) -> bytes | None:
        """The answer that is kept under *key*, as JSON text; None when none is."""
        ...

    async def answer(
        self, key: Hashable, ttl_s: float, load: Callable[[], Awaitable[bytes]], *, fresh: bool = False
    ) -> bytes:
        """The answer under *key*, as JSON text: kept, or loaded.

        Args:
            ttl_s: seconds that it is kept at most.
            load: finds it.
            fresh: load it, whatever is kept.
        """
        ...


class QueryBus:
    """Answers queries.

    Args:
        loader: of the store to read.
        routes: what answers each query.
        middleware: what happens around every query, the first of it outermost.
        keeping: where answers are kept; None keeps none, whatever handlers say.
    """

    def __init__(
        self,
        loader: Loader,
        routes: Routes[QueryRoute],
        middleware: Sequence[Middleware] = (),
        keeping: Keeping | None = None,
    ) -> None:
        self._loader = loader
        self._routes = routes
        self._keeping = keeping
        self._bare = not middleware
        self._proceed = around(middleware, self._answer)
        self._proceed_fresh = around(middleware, self._answer_fresh)

    async def ask(self, query: Query[R], *, metadata: Metadata = NO_METADATA, fresh: bool = False) -> R:
        """Answer *query*.

        An answer of a handler with `cache=` is kept and given again to an equal query, as a copy, for as long as that
        says.

        Args:
            query: of a class that has a handler.
            metadata: who asks, and why.
            fresh: find the answer now, whatever is kept.

        Raises:
            UnknownQuery: nothing answers it.
            InvalidInput: a field is not of its declared type, or *metadata* is none.
        """
        route = self._routes.of(query)
        check_metadata(metadata)
        if self._bare and not fresh and route.cached is not None and self._keeping is not None:
            # Keys are texts of checked queries, so a query with the text of one is as good as checked.
            kept = self._keeping.kept((route.form.name, route.form.dump(query)))
            if kept is not None:
                return cast("R", route.cached[0].load(kept))
        call = Call(kind=Kind.QUERY, name=route.form.name, message=route.form.checked(query), metadata=metadata)
        return cast("R", await (self._proceed_fresh if fresh else self._proceed)(call))

    async def _answer(self, call: Call) -> object:
        return await self._answered(call, fresh=False)

    async def _answer_fresh(self, call: Call) -> object:
        return await self._answered(call, fresh=True)

    async def _answered(self, call: Call, *, fresh: bool) -> object:
        route, handling = self._routes.of(call.message), Handling(self._loader, call.metadata)
        if route.cached is None or self._keeping is None:
            return await route.run(call.message, handling)
        codec, kept_for = route.cached

        async def load() -> bytes:
            return codec.dump(await route.run(call.message, handling))

        key = route.form.name, route.form.dump(call.message)
        return codec.load(await self._keeping.answer(key, kept_for.total_seconds(), load, fresh=fresh))
