"""Every saga of `selling`, killed at every call of the driver, on every store.

`python -m tests.guarantees.crash_matrix` prints a line for each shape, outcome and store, and ends with
an error when a saga ends otherwise than it should. Arguments: a stride, 1 for every call; then stores, `sqlite` and
`postgres` when none is named; and shapes, all when none is named.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Final

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema
from leftfold.testing.postgres import postgres_server
from tests.guarantees.children import Child
from tests.guarantees.sales import LEASE_S, POLL_S, Outcome, Sale
from tests.guarantees.selling import CASES, SHAPES

__all__ = ["main"]

_PATIENT: Final = 10
_STORES: Final = ("sqlite", "postgres")
_LINE: Final = "{:<8} {:<28} {:<9} {:>6} {:>6}  {:<34} {:>8}"


@contextmanager
def _store(kind: str, directory: Path) -> Generator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{directory}/store.db"
        return
    with postgres_server() as server:
        url = server.create_database("crash")
        asyncio.run(PostgresSchema(PostgresLocation.parse(url)).migrate())
        yield url


async def _every(sale: Sale, stride: int) -> Sequence[Outcome]:
    """One run for every call; in the odd ones a second process is killed, too."""
    calls = sale.calls()
    ends: list[Outcome] = []
    for number, kill in enumerate(calls[::stride]):
        second = [calls[number * 7 % len(calls)]] if number % 2 else []
        ends.append(await sale.run(kill, *second, patient=number % _PATIENT == _PATIENT // 2))
    return ends


def _told(kind: str, sale: Sale, ends: Sequence[Outcome]) -> str:
    kills = sum(one.kills for one in ends)
    how = ", ".join(f"{count} {status}" for status, count in Counter(one.status for one in ends).items())
    slowest = max((one.resumed_s for one in ends if one.resumed_s is not None), default=0.0)
    return _LINE.format(sale.case.shape, str(sale.case), kind, kills, len(ends), how, f"{slowest:.2f} s")


def main(stride: int, *words: str) -> None:
    """Try everything, or the stores and shapes that are named."""
    kinds = [kind for kind in _STORES if kind in words] or _STORES
    shapes = [shape for shape in SHAPES if shape in words] or SHAPES
    if unknown := {*words} - {*_STORES} - {*SHAPES}:
        sys.exit(f"no store and no shape: {', '.join(unknown)}; there are {', '.join((*_STORES, *SHAPES))}")
    began, kills, sagas = perf_counter(), 0, 0
    print(_LINE.format("shape", "outcome", "store", "kills", "sagas", "ended", "resumed"))
    for kind in kinds:
        with TemporaryDirectory() as name, _store(kind, Path(name)) as url, Child("nursery") as nursery:
            for number, case in enumerate(one for one in CASES if one.shape in shapes):
                sale = Sale(nursery, url, f"{name}/ledger{number}", case)
                ends = asyncio.run(_every(sale, stride))
                kills, sagas = kills + sum(one.kills for one in ends), sagas + len(ends)
                print(_told(kind, sale, ends), flush=True)
    print(f"{kills:,} kills, {sagas:,} sagas, {perf_counter() - began:,.0f} s. Every saga ended as it should.")
    print(f"resumed: the slowest end after a kill, with a lease of {LEASE_S:g} s and a look each {POLL_S:g} s.")


if __name__ == "__main__":
    main(int((sys.argv[1:] or ["1"])[0]), *sys.argv[2:])
