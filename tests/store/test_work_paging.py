"""Work items are read page by page, and no page is looked for behind the last one."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import pytest

from leftfold.store import Begin, MemoryStore, Transaction, WorkItem
from leftfold.store.work_paging import by_status, work_pages
from tests.turns import counted_turns


class _Noting(MemoryStore):
    """Notes how often it is asked for a page."""

    asked = 0

    async def find_work(
        self, *, queues: str = "", statuses: Collection[str] = (), after: str = "", limit: int = 500
    ) -> Sequence[WorkItem]:
        self.asked += 1
        return await super().find_work(queues=queues, statuses=statuses, after=after, limit=limit)


@pytest.mark.parametrize(("count", "pages"), [(1, 1), (2, 2), (3, 2), (4, 3)])
async def test_every_item_is_in_one_page_and_a_page_that_is_not_full_is_the_last(count: int, pages: int) -> None:
    store = _Noting()
    kinds = [("q/1", "on"), ("q/1", "off"), ("other", "on")]
    await store.transact(
        Transaction(
            writes=[
                Begin(id=f"{queue}/{status}/{n}", queue=queue, status=status, state=b"{}", wake=None)
                for n in range(count)
                for queue, status in kinds
            ]
        )
    )
    found = [[item.id for item in page] async for page in work_pages(store, "q/", ("on",), limit=2)]
    assert [id for page in found for id in page] == [f"q/1/on/{n}" for n in range(count)]
    assert store.asked == pages
    assert by_status(await store.count_work("q/")) == {"on": count, "off": count}
    assert [page async for page in work_pages(store, "none/")] == []


async def test_between_two_pages_the_loop_has_a_turn() -> None:
    store = MemoryStore()
    items = [Begin(id=f"{n}", queue="q", status="on", state=b"{}", wake=None) for n in range(6)]
    await store.transact(Transaction(writes=items))
    async with counted_turns() as turns:
        at = [turns() async for _ in work_pages(store, "q", limit=2)]
    assert at == sorted(set(at))
