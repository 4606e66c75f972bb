from __future__ import annotations

from pathlib import Path

import pytest

from leftfold import App, Attempt, Context, DefinitionError, Saga, Sender, step
from leftfold.errors import NoWorker
from tests.cli.savings import Deposit, app, two

presents = Context("presents")


@presents.saga
class Give(Saga):
    account: str

    @step(undoable=False)
    async def give(self, sender: Sender, attempt: Attempt) -> None:
        await sender.send(Deposit(account=self.account, cents=5), id=attempt.key)


async def test_an_app_with_other_settings_is_opened_by_itself_and_leaves_the_first_alone(tmp_path: Path) -> None:
    other = app.with_settings(store=f"sqlite:///{tmp_path}/other.db", workers=False)
    async with other as there, app as here:
        receipt = await there.send(Deposit(account="A", cents=5))
        with pytest.raises(NoWorker):
            await there.monitor.wait("balances", position=receipt.position)
        assert await here.store.head() == 0
        await here.monitor.wait("balances", position=(await here.send(Deposit(account="A", cents=1))).position)
    assert (tmp_path / "other.db").exists()


def test_contexts_share_no_store_by_other_settings_either() -> None:
    several: App = two()
    with pytest.raises(DefinitionError, match="context"):
        several.with_settings(store="sqlite:///one.db")


async def test_following_is_over_when_the_app_is_closed_and_at_once_without_workers() -> None:
    async with app.with_settings(workers=False) as idle:
        await idle.followed()


async def test_what_a_saga_sends_goes_to_the_app_that_is_open(tmp_path: Path) -> None:
    made = App(presents, *app.contexts, store="memory:")
    async with made.with_settings(store=f"sqlite:///{tmp_path}/{{context}}.db") as other:
        await other.start(Give(account="A"), id="1")
        assert (await other.sagas.ended(Give, "1")).status == "completed"
