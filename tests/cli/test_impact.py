from __future__ import annotations

import json
from pathlib import Path

import pytest

from leftfold.catalog import Catalog, dump_catalog
from tests.catalog.companies import consumer, follows, producer, tutorial
from tests.catalog.test_impact import BILLED, CHARGED
from tests.cli.command import Leftfold


@pytest.fixture
def file(tmp_path: Path) -> str:
    """A catalog of a bank, and who takes what it says."""
    layer = follows("bank", "shop", "anti-corruption-layer", layer="shop.bank", veto=True)
    catalog = Catalog(
        [
            producer("bank", CHARGED, relations=(layer, follows("bank", "nobody"))),
            consumer("shop", "charged", reads=("/amount",), relations=(layer,), team="Shop"),
            consumer("desk", "charged", emits=BILLED),
            consumer("till", "billed"),
        ]
    )
    file = tmp_path / "catalog.json"
    file.write_text(dump_catalog(catalog.descriptors))
    return str(file)


def test_an_answer_names_who_is_hit_along_which_path_and_who_is_not(leftfold: Leftfold, file: str) -> None:
    ran = leftfold("impact", "charged.order", "--catalog", file)
    assert ran.code == 0
    assert ran.out.splitlines() == [
        "remove event charged#/order",
        "affected: 2",
        "  desk, reaction/desk.on",
        "    charged#/order -> desk:reaction/desk.on",
        "    reads all of it",
        "    declared",
        "  till, reaction/till.on",
        "    charged#/order -> desk:reaction/desk.on -> billed -> till:reaction/till.on",
        "    reads all of it",
        "    declared",
        "unknown: 1",
        "  nobody, not registered",
        "    charged#/order -> nobody",
        "    declared",
        "unaffected: 1",
        "  shop (reaction/shop.on): it reads only /amount",
        "2 registered: desk, till",
    ]


def test_an_absorbed_hit_names_the_module_and_who_has_to_agree(leftfold: Leftfold, file: str) -> None:
    lines = leftfold("impact", "charged.amount", "--change", "type", "--catalog", file).out.splitlines()
    assert lines[0] == "type event charged#/amount"
    at = lines.index("absorbed: 1")
    assert lines[at + 1 : at + 5] == [
        "  shop, team Shop, reaction/shop.on",
        "    charged#/amount -> shop:reaction/shop.on",
        "    reads /amount",
        "    translated in shop.bank",
    ]
    assert "needs the approval of Shop for shop: veto" in lines


def test_json_says_the_same(leftfold: Leftfold, file: str) -> None:
    [found] = leftfold("impact", "charged", "--catalog", file, "--json").lines
    assert (found["names"], found["unknown"], found["unregistered"]) == (["desk", "shop", "till"], ["nobody"], [])
    assert found["approvals"] == [{"team": "Shop", "context": "shop", "because": "veto"}]


def test_names_that_are_registered_and_others_are_told_apart(leftfold: Leftfold, tmp_path: Path) -> None:
    file = tmp_path / "tutorial.json"
    file.write_text(dump_catalog(tutorial().descriptors))
    lines = leftfold("impact", "Customer", "--catalog", str(file)).out.splitlines()
    assert lines[-2:] == [
        "2 registered: Billing, Sales",
        "4 unregistered: Marketing, Support, Accounting, Fulfillment",
    ]


def test_what_was_observed_is_shown_with_its_day(leftfold: Leftfold, file: str, tmp_path: Path) -> None:
    observed = tmp_path / "observed.json"
    last = "2026-05-04T10:00:00Z"
    one = {"kind": "event", "source": "bank", "type": "charged", "version": 1, "consumer": "desk", "count": 2}
    observed.write_text(json.dumps({"format": 1, "observed": [{**one, "first": last, "last": last}]}))
    assert (
        "    observed last on 2026-05-04"
        in leftfold(*("impact", "charged", "--catalog", file, "--observed", str(observed))).out.splitlines()
    )
    assert leftfold("impact", "charged", "--catalog", file, "--observed", "nowhere").code == 2


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["charge"], "nothing in this catalog is called so; ask for charged"),
        (["charged.tip"], "charged has no field /tip"),
        (["charged@9"], "not published in version 9"),
    ],
)
def test_what_is_not_there_is_2_with_what_is(leftfold: Leftfold, file: str, arguments: list[str], said: str) -> None:
    ran = leftfold("impact", *arguments, "--catalog", file)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err


def test_without_a_catalog_it_is_2(leftfold: Leftfold) -> None:
    ran = leftfold("impact", "charged")
    assert (ran.code, "which catalog?" in ran.err) == (2, True)


@pytest.mark.parametrize("app", ["examples.shop.system:app", "examples.shop.context_map:MAP"])
def test_an_app_or_a_map_is_a_catalog_too(leftfold: Leftfold, app: str) -> None:
    ran = leftfold("impact", "orders.cancelled", "--app", app, "--json")
    assert ran.code == 0, ran.err
    assert '"context":"inventory"' in ran.out


def test_what_is_no_app_and_no_map_is_2(leftfold: Leftfold) -> None:
    ran = leftfold("impact", "charged", "--app", "examples.shop.system:__doc__")
    assert (ran.code, "is a str; name an App or a ContextMap" in ran.err) == (2, True)
