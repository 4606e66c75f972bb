"""Generations of one read model: built beside each other, and none without need."""

from __future__ import annotations

from leftfold.projections.generations import GENERATIONS, Generations
from leftfold.store import MemoryStore
from tests.guarantees.kept_up import TOTALS


async def test_a_worker_that_comes_when_its_rows_are_shown_already_builds_no_others() -> None:
    store = MemoryStore()
    await store.prepare(GENERATIONS)
    generations = Generations(TOTALS, store)
    first = await generations.begin("worker")
    assert await generations.begin("worker") == first
    assert await generations.switch(first, 0)
    late = await generations.begin("worker")
    assert (late.generation, late.state) == (first.generation, "active")
    assert await generations.all() == [late]
    assert (await generations.begin("rebuild")).generation == first.generation + 1
