"""A workflow of three steps that return at once, for DBOS; importing it needs DBOS."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from dbos import DBOS, DBOSConfig, SetWorkflowID

__all__ = ["launched", "travel"]


@DBOS.step()
async def _book(number: int) -> str:
    return f"seat {number}"


@DBOS.step()
async def _rent(number: int) -> str:
    return f"car {number}"


@DBOS.step()
async def _pay(number: int) -> str:
    return f"bill {number}"


@DBOS.workflow()
async def _travel(number: int) -> str:
    await _book(number)
    await _rent(number)
    return await _pay(number)


@contextmanager
def launched(url: str, schema: str | None) -> Generator[None]:
    """DBOS, of which there is one in a process, on one database."""
    config: DBOSConfig = {
        "name": "benchmark",
        "system_database_url": url,
        "log_level": "ERROR",
        "enable_otlp": False,
    }
    if schema is not None:
        config["dbos_system_schema"] = schema
    DBOS(config=config)
    DBOS.launch()
    try:
        yield
    finally:
        DBOS.destroy()


async def travel(number: int) -> None:
    """Carry out one workflow."""
    with SetWorkflowID(f"trip-{number}"):
        await _travel(number)
