"""Verbs of the command for a role of PostgreSQL that does not own what others have made."""

from __future__ import annotations

import asyncio

import pytest

from leftfold.testing.postgres import PostgresServer
from tests.cli.command import Leftfold
from tests.cli.savings import APP, app, balance, sent

pytestmark = pytest.mark.postgres


async def followed(url: str) -> None:
    """Show the rows, as somebody who follows."""
    async with app.with_settings(store=url, workers=True) as opened:
        await opened.monitor.wait("balances", position=1)


@pytest.fixture
def late(leftfold: Leftfold, postgres: PostgresServer, bare_url: str) -> str:
    """The URL of a store as a role sees it that was let in when another had made and shown everything."""
    role = "late_" + bare_url.partition("schema=")[2].partition("&")[0]
    postgres.execute(f'create role "{role}" login')
    assert leftfold("migrate", "--store", bare_url).code == 0
    sent(leftfold, bare_url, 5)
    asyncio.run(followed(bare_url))
    assert leftfold("migrate", "--role", role, "--store", bare_url).code == 0
    return bare_url.replace("postgres@", f"{role}@")


def test_a_role_that_is_let_in_late_works_with_what_others_have_made(leftfold: Leftfold, late: str) -> None:
    sent(leftfold, late, 3)
    assert balance(leftfold, late) == 5
    assert leftfold("projections", "--app", APP, "--store", late).code == 0


def test_a_rebuild_that_the_role_may_not_show_ends_and_says_who_may(leftfold: Leftfold, late: str) -> None:
    ran = leftfold("rebuild", "balances", "--app", APP, "--store", late)
    assert ran.code == 3
    assert "view 'balances'" in ran.err
    assert "let the owner do what only the owner may" in ran.err


def test_an_app_that_the_role_may_not_open_is_out_of_reach(
    leftfold: Leftfold, late: str, postgres: PostgresServer
) -> None:
    role = late.partition("//")[2].partition("@")[0]
    schema = role.removeprefix("late_")
    postgres.execute(f'revoke all on all tables in schema "{schema}" from "{role}"', "shared")
    ran = leftfold("rebuild", "balances", "--app", APP, "--store", late)
    assert ran.code == 3
    assert "leftfold migrate --role NAME" in ran.err
