"""G9, G10: kill -9 at calls of the database driver while a saga is done and undone; `make crash` tries every one."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.guarantees.children import Child
from tests.guarantees.places import Place
from tests.guarantees.sales import LEASE_S, POLL_S, Sale
from tests.guarantees.selling import CASES, SHAPES

_SLACK_S = 3.0


@pytest.mark.parametrize("shape", SHAPES)
async def test_a_saga_killed_at_any_call_of_its_driver_ends_and_what_it_did_is_whole_or_undone(
    place: Place, tmp_path: Path, shape: str
) -> None:
    """A fixed seed says at which call, each case is tried on one of the stores, and every second one is killed once
    more while it is carried on."""
    mine = [one for one in CASES if one.shape == shape][place.kind == "postgres" :: 2]
    with Child("nursery") as nursery:
        for number, case in enumerate(mine):
            chance = random.Random(f"{shape} {case} on {place.kind}")
            sale = Sale(nursery, place.url, str(tmp_path / f"ledger{number}"), case)
            calls = sale.calls()
            kills = [chance.choice(calls) for _ in range(1 + number % 2)]
            await sale.run(*kills)


async def test_a_saga_whose_process_was_killed_is_carried_on_within_a_lease_and_a_look(
    place: Place, tmp_path: Path
) -> None:
    with Child("nursery") as nursery:
        sale = Sale(nursery, place.url, str(tmp_path / "ledger"), CASES[0])
        calls = sale.calls()
        ends = [await sale.run(calls[len(calls) // 2], patient=True) for _ in range(3)]
    assert [end.kills for end in ends] == [1, 1, 1]
    slowest_s = max(end.resumed_s or 0.0 for end in ends)
    print(f"ended after {slowest_s:.2f} s, with a lease of {LEASE_S} s and a look each {POLL_S} s")
    assert slowest_s < LEASE_S + POLL_S + _SLACK_S
