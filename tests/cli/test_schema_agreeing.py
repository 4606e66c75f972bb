"""Whose agreement a map asks for: of whoever takes what breaks, and of whoever is not run here."""

from __future__ import annotations

from leftfold import App, Context, ContextMap
from leftfold.cli.schema_agreeing import agreements
from leftfold.contexts import CustomerSupplier, Partnership
from leftfold.integration import LanguageFinding, PublishedLanguage
from tests.cli.languages import NoteView, publish_v1


def finding(type: str = "acme.shop.placed", accepted: str = "") -> LanguageFinding:
    return LanguageFinding(rule="type-changed", type=type, message="", language="acme.shop", accepted=accepted)


def asked(*found: LanguageFinding) -> dict[str, str]:
    shop = Context("shop", team="Shop", language=PublishedLanguage("acme.shop"))
    shop.publishes(publish_v1)
    reader, deaf, elsewhere = Context("reader", team="Readers"), Context("deaf", team="Deaf"), Context("elsewhere")
    supplier = Context("supplier", team="Makers")

    @reader.on()
    async def hear(event: NoteView) -> None:
        raise NotImplementedError

    context_map = ContextMap(
        "acme",
        CustomerSupplier(supplier=shop, customer=reader, veto=True),
        Partnership(shop, deaf),
        CustomerSupplier(supplier=shop, customer=elsewhere, veto=True),
        CustomerSupplier(supplier=supplier, customer=shop, veto=True),
    )
    app = App(shop, reader, deaf, supplier, store="memory:{context}", context_map=context_map)
    return dict(agreements(app, found))


def test_who_takes_what_breaks_is_asked_and_who_is_not_run_here_as_nobody_knows() -> None:
    assert asked(finding()) == {
        "Readers": "reader has a veto at shop",
        "elsewhere": "elsewhere has a veto at shop",
    }
    assert asked(finding("acme.shop.dropped")) == {"elsewhere": "elsewhere has a veto at shop"}


def test_what_is_about_the_whole_language_concerns_all_of_them() -> None:
    assert sorted(asked(finding("acme.shop"))) == ["Deaf", "Readers", "elsewhere"]


def test_nobody_is_asked_about_what_passes() -> None:
    assert asked() == asked(finding(accepted="yes")) == {}
