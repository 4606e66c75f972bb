"""The shop keeps to its context map, and what breaks it is found."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from examples.shop.context_map import MAP
from examples.shop.system import CONTEXTS, app
from leftfold.contexts import Subdomain
from leftfold.testing import assert_context_map
from tests.conftest import ROOT

NAME = "examples.shop.context_map:MAP"


def checked(directory: Path) -> tuple[int, str]:
    command = [sys.executable, "-m", "leftfold", "context", "check", "--app", NAME]
    environment = {**os.environ, "PYTHONPATH": str(directory)}
    ran = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, check=False)
    assert ran.stderr == ""
    return ran.returncode, ran.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with a copy of the examples."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_the_shop_keeps_to_its_map() -> None:
    assert_context_map(MAP)
    assert_context_map(app())


def test_a_copy_of_it_does_too(copy: Path) -> None:
    assert checked(copy) == (0, "nothing found\n")


@pytest.mark.parametrize(
    ("file", "line", "rule", "said"),
    [
        (
            "shipping/parcel.py",
            "from examples.shop.inventory.published import InventoryReserved",
            "no-relation",
            "no relation lets shipping follow inventory",
        ),
        (
            "payment/ledger.py",
            "from examples.shop.inventory.stock import Shelf",
            "unpublished-import",
            "inventory publishes examples.shop.inventory.commands, examples.shop.inventory.published",
        ),
        (
            "inventory/stock.py",
            "from examples.shop.payment.published import PaymentFailed",
            "wrong-way",
            "inventory is upstream of payment",
        ),
        (
            "orders/order.py",
            'import importlib; importlib.import_module("examples.shop.payment.ledger")',
            "unpublished-import",
            "payment publishes",
        ),
    ],
)
def test_an_import_that_the_map_forbids_breaks_the_check(
    copy: Path, file: str, line: str, rule: str, said: str
) -> None:
    planted = copy / "examples" / "shop" / file
    planted.write_text(f"{planted.read_text()}\n\ndef planted() -> None:\n    {line}\n")
    number = len(planted.read_text().splitlines())
    code, out = checked(copy)
    assert code == 1
    assert f"error: {rule}\n" in out
    assert said in out
    assert f"found at     examples/shop/{file}:{number}\n" in out


def test_a_reaction_that_the_map_forbids_breaks_the_check_and_the_app(copy: Path) -> None:
    planted = copy / "examples" / "shop" / "shipping" / "context.py"
    planted.write_text(
        planted.read_text()
        + "\n\nfrom examples.shop.inventory.published import InventoryReserved\n\n\n"
        + "@context.on(InventoryReserved)\nasync def hear(event: InventoryReserved) -> None: ...\n"
    )
    code, out = checked(copy)
    assert code == 1
    assert "reaction shipping.hear takes the event inventory.reserved, which belongs to inventory" in out
    command = [sys.executable, "-c", "import examples.shop.system as shop; shop.app()"]
    ran = subprocess.run(
        command, cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True, text=True, check=False
    )
    assert "MapBroken: map 'shop', no-relation: reaction shipping.hear takes the event" in ran.stderr


def test_each_context_says_who_answers_for_it_and_what_it_is_for() -> None:
    assert MAP.contexts == tuple(sorted(CONTEXTS, key=lambda one: one.name))
    assert all(one.team and one.purpose and one.subdomain and one.package and one.published for one in CONTEXTS)
    assert [one.name for one in CONTEXTS if one.subdomain is Subdomain.CORE] == ["orders"]
    assert MAP.findings() == ()
