"""What the text of packages shows that contexts take, whether a handler is registered or not."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from leftfold import App
from leftfold.catalog import Catalog, Consumption, Evidence, descriptors_of, dump_descriptor, impact
from tests.borders.office import OFFICE
from tests.borders.trees import Tree

SYSTEM = """
    from leftfold import App
    from leftfold.contexts import ContextMap, CustomerSupplier
    from office.billing import orders
    from office.billing.context import billing
    from office.ordering.context import ordering
    from office.shipping.context import shipping

    MAP = ContextMap("office", CustomerSupplier(supplier=ordering, customer=billing), alone=(shipping,))
    app = App(ordering, billing, shipping, store="memory:", context_map=MAP)
    without = App(ordering, billing, shipping, store="memory:")
"""
ORDERS = "office/billing/orders.py"


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tree]:
    made = Tree(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    yield made
    made.forget()


def catalog_of(tree: Tree, name: str = "app", **more: str) -> Catalog:
    tree.write({**OFFICE, **{f"office/shipping/{each}.py": text for each, text in more.items()}, "system.py": SYSTEM})
    app = vars(tree.load("system"))[name]
    assert isinstance(app, App)
    return Catalog(descriptors_of(app.contexts, app.context_map, root=tree.root))


def line(tree: Tree, file: str, text: str) -> str:
    return tree.place(file, text).removeprefix(f"{tree.root}/")


def test_a_handler_is_declared_and_the_import_of_its_event_is_static_evidence(tree: Tree) -> None:
    [hit] = impact(catalog_of(tree), "ordering.ordered").hits
    assert hit.evidence == (
        Evidence("declared", line(tree, ORDERS, "@billing.reacts")),
        Evidence("static", line(tree, ORDERS, "import Ordered")),
    )


IMPORTS = {
    "a class": "from office.ordering.api import Ordered",
    "under another name": "from office.ordering.api import Ordered as Something",
    "a star": "from office.ordering.api import *",
    "through a module": "from office.ordering import api\nprint(api.Ordered)",
    "for type checkers": "import typing\nif typing.TYPE_CHECKING:\n    from office.ordering.api import Ordered",
    "in a function": "def late():\n    from office.ordering.api import Ordered",
}


@pytest.mark.parametrize("text", IMPORTS.values(), ids=list(IMPORTS))
def test_who_names_the_class_of_an_event_takes_it_though_no_handler_does(tree: Tree, text: str) -> None:
    known = catalog_of(tree, report=text)
    at = line(tree, "office/shipping/report.py", "api.Ordered" if "print" in text else "ordering.api")
    assert known.by_name["shipping"].consumes == (
        Consumption(event="ordering.ordered", versions="1", evidence="static", place=at),
    )
    [_, hit] = impact(known, "ordering.ordered.order").hits
    assert (hit.context, hit.team, hit.outcome, hit.evidence) == (
        *("shipping", "Logistics", "affected"),
        (Evidence("static", at),),
    )


def test_of_several_places_the_first_is_told_and_a_name_that_is_handed_on_is_the_same(tree: Tree) -> None:
    handed = "from office.shipping.words import Ordered as Word"
    known = catalog_of(tree, words="from office.ordering.api import Ordered", zeta=handed, alpha=handed)
    assert [one.place for one in known.by_name["shipping"].consumes] == ["office/shipping/alpha.py:1"]


@pytest.mark.parametrize(
    "text", ["from office.ordering.api import Confirm", "from office.ordering import api", "Ordered = 1"]
)
def test_who_names_something_else_takes_nothing(tree: Tree, text: str) -> None:
    assert catalog_of(tree, report=text).by_name["shipping"].consumes == ()


def test_without_a_map_no_text_is_read_and_a_file_that_is_no_python_names_nothing(tree: Tree) -> None:
    report = "from office.ordering.api import Ordered"
    assert catalog_of(tree, "without", report=report).by_name["shipping"].consumes == ()
    tree.write({"office/shipping/report.py": f"{report}\n("})
    assert catalog_of(tree).by_name["shipping"].consumes == ()


def test_where_code_names_an_event_does_not_count_for_the_digest_and_that_it_does_counts(tree: Tree) -> None:
    def digests() -> Mapping[str, str]:
        return {name: one.digest for name, one in catalog_of(tree).by_name.items()}

    before = digests()
    tree.write({"office/billing/more.py": "from office.ordering.api import Ordered"})
    assert digests() == before
    tree.write({"office/shipping/more.py": "from office.ordering.api import Ordered"})
    assert {name for name, digest in digests().items() if digest != before[name]} == {"shipping"}


def test_what_code_names_is_written_and_read_again(tree: Tree) -> None:
    from leftfold.catalog import load_descriptors

    known = catalog_of(tree, report="from office.ordering.api import Ordered")
    for one in known.descriptors:
        assert load_descriptors(dump_descriptor(one).encode(), one.name) == (one,)
    assert '"named": "office/billing/orders.py:' in dump_descriptor(known.by_name["billing"])
