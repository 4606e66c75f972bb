"""`leftfold sagas retry --all`: every instance that is stuck, tried again."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from msgspec import Struct
from rich.console import Console

from leftfold.app.sagas import Sagas
from leftfold.cli.output import Listing, Row
from leftfold.errors import Fenced, NotPossible, UnknownInstance, UnreadableState
from leftfold.processes.saga_view import SagaView

__all__ = ["Retried", "retried_all", "retried_list"]

_DEALT_WITH: Final = "somebody else has dealt with it meanwhile"


class Retried(Struct, frozen=True, kw_only=True):
    """What became of an instance that was stuck.

    Args:
        saga: name of the context and the saga.
        reason: why it was left as it is; None when it is tried again.
    """

    saga: str
    id: str
    reason: str | None


async def retried_all(sagas: Sagas, saga: str | None, *, who: str, why: str) -> AsyncIterator[Retried]:
    """Have each instance that is stuck tried again, in a commit of its own, and tell at once.

    One that somebody else has dealt with meanwhile, or that this code cannot read, is told and left as it is.

    Args:
        saga: only its instances; those of all sagas when left out.
    """
    async for view in sagas.find(saga, statuses=["stuck"]):
        yield Retried(saga=view.saga, id=view.id, reason=await _reason(sagas, view, who, why))


def retried_list(out: Console) -> Listing[Retried]:
    """A table with a row for each instance."""
    return Listing(out, _row, "saga", "id", "outcome")


async def _reason(sagas: Sagas, view: SagaView, who: str, why: str) -> str | None:
    """Why it cannot be tried again; None when it is."""
    if view.unreadable is not None:
        return view.unreadable
    try:
        await sagas.retry(view.saga, view.id, who=who, why=why)
    except (Fenced, NotPossible):
        return _DEALT_WITH
    except UnreadableState as error:
        return error.reason
    except UnknownInstance as error:
        return str(error)
    return None


def _row(one: Retried) -> Row:
    return Row((one.saga, one.id, one.reason or "tried again"), "red" if one.reason else "")
