"""What packages import from each other: by the graph, and by what source text says beyond it."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import pytest

from leftfold.borders import Evidence, Use, check_map, imported
from leftfold.contexts import (
    AntiCorruptionLayer,
    Context,
    ContextMap,
    CustomerSupplier,
    SeparateWays,
    SharedKernel,
)
from leftfold.errors import ExtraMissing
from tests.borders.acme import billing, context, map_of, ordering, rules, shipping
from tests.borders.trees import Tree

CLEAN = {
    "acme/ordering/api.py": "class Placed: ...\n",
    "acme/ordering/order.py": "class Order: ...\nclass Line: ...\n",
    "acme/billing/main.py": "",
    "acme/billing/api.py": "",
    "acme/shipping/main.py": "",
    "acme/shipping/api.py": "",
}
CUSTOMER = map_of(CustomerSupplier(supplier=ordering, customer=billing), alone=(shipping,))


def of_billing(tree: Tree, text: str, **more: str) -> Sequence[Use]:
    """What billing takes when its main module says *text*."""
    return evidence(tree, {"acme/billing/main.py": text, **more}).uses


def evidence(tree: Tree, files: Mapping[str, str], context_map: ContextMap = CUSTOMER) -> Evidence:
    tree.write({**CLEAN, **files})
    return imported(context_map)


@pytest.mark.parametrize(
    "line",
    [
        "import acme.ordering.order",
        "import acme.ordering.order as theirs",
        "from acme.ordering import order",
        "from acme.ordering.order import Order",
        "from ..ordering.order import Order",
        "from .. import ordering; from ..ordering.order import Order",
        'import importlib; importlib.import_module("acme.ordering.order")',
        'import importlib as loader; loader.import_module("acme.ordering.order")',
        'from importlib import import_module; import_module("acme.ordering.order")',
        'from importlib import import_module as load; load(name="acme.ordering.order")',
        'from importlib import import_module; import_module("..ordering.order", __package__)',
        '__import__("acme.ordering.order")',
        'import builtins; builtins.__import__("acme.ordering.order")',
        '__import__("ordering.order", globals(), locals(), [], 2)',
        'from importlib import import_module; import_module(".order", "acme.ordering")',
        'from importlib import import_module; import_module(".order", package="acme.ordering")',
        'import importlib; importlib.import_module("acme.ordering" + ".order")',
        "import importlib; importlib.import_module(f\"acme.{'ordering'}.order\")",
        "import importlib; importlib.import_module(ORDER)",
        'import importlib; importlib.import_module(f"{ORDERING}.order")',
        'import importlib; getattr(importlib, "import_module")("acme.ordering.order")',
        'import importlib; load = importlib.import_module; load("acme.ordering.order")',
        'import pkgutil; pkgutil.resolve_name("acme.ordering.order:Order")',
        'import runpy; runpy.run_module("acme.ordering.order")',
        'import sys; sys.modules["acme.ordering.order"]',
        "try: from acme.ordering.order import Order\n    except ImportError: ...",
    ],
)
def test_an_import_is_found_however_it_is_written(tree: Tree, line: str) -> None:
    constants = 'ORDERING = "acme.ordering"\nORDER = f"{ORDERING}.order"\n'
    uses = of_billing(tree, f"def late() -> None:\n    {line}\n{constants}")
    (use,) = [one for one in uses if one.subject == "acme.ordering.order"]
    assert (use.user, use.used, use.kind, use.origin) == ("billing", "ordering", "import", "static")
    assert (use.module, use.of) == ("acme.billing.main", "acme.ordering.order")
    assert use.found_at == f"{tree.root}/acme/billing/main.py:2"


def test_an_import_for_type_checkers_is_told_apart_from_one_that_runs(tree: Tree) -> None:
    text = """
        from typing import TYPE_CHECKING
        from acme.ordering.api import Placed
        if TYPE_CHECKING:
            from acme.ordering.order import Order
        else:
            import acme.ordering
    """
    uses = {use.subject: use for use in of_billing(tree, text)}
    assert {name: use.kind for name, use in uses.items()} == {
        "acme.ordering.api": "import",
        "acme.ordering.order": "types",
        "acme.ordering": "import",
    }
    assert uses["acme.ordering.order"].found_at.endswith("main.py:4")


def test_one_module_imported_for_types_and_to_run_is_both_each_with_its_line(tree: Tree) -> None:
    text = """
        from typing import TYPE_CHECKING
        if TYPE_CHECKING:
            from acme.ordering.api import Placed
        def late() -> None:
            import acme.ordering.api
    """
    found = [(use.kind, use.found_at.rpartition(":")[2]) for use in of_billing(tree, text)]
    assert sorted(found) == [("import", "5"), ("types", "3")]


def test_what_is_imported_through_a_module_of_nobody_is_imported(tree: Tree) -> None:
    more = {
        "acme/glue.py": "from acme import paste\n",
        "acme/paste.py": "import acme.ordering.order\nimport acme.billing.main\n",
    }
    (use,) = of_billing(tree, "import acme.glue\n", **more)
    assert (use.subject, use.through) == ("acme.ordering.order", ("acme.glue", "acme.paste"))
    assert use.found_at.endswith("billing/main.py:1")


def test_what_is_imported_through_a_module_beside_the_packages_of_contexts_is_imported(tree: Tree) -> None:
    more = {"glue.py": "import os, paste.thick\n", "paste/thick.py": "import acme.ordering.order\n"}
    (use,) = of_billing(tree, "def late() -> None:\n    import glue\n", **more)
    assert (use.subject, use.through) == ("acme.ordering.order", ("glue", "paste.thick"))
    assert use.found_at.endswith("billing/main.py:2")


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("import acme.ordering.api\nacme.ordering.order.Order", ["acme.ordering.api", "acme.ordering.order"]),
        ("import acme.ordering.api\nacme.ordering.api.Placed", ["acme.ordering.api"]),
        ("import acme.ordering.api as api\napi.order", ["acme.ordering.api"]),
        ("import acme.billing.other\nacme.billing.other.x", []),
    ],
)
def test_a_module_that_is_reached_through_what_is_imported_is_imported(
    tree: Tree, text: str, subjects: Sequence[str]
) -> None:
    uses = of_billing(tree, text, **{"acme/billing/other.py": ""})
    assert sorted(use.subject for use in uses) == subjects


HANDING = {
    "acme/ordering/api.py": """
        from acme.ordering.order import Order
        from acme.ordering.order import Line as Row
        from acme.ordering import order
        Same = Order
        class Placed: ...
    """
}


@pytest.mark.parametrize(
    ("text", "subjects"),
    [
        ("from acme.ordering.api import Placed", []),
        ("from acme.ordering.api import Order", ["acme.ordering.order.Order"]),
        ("from acme.ordering.api import Row", ["acme.ordering.order.Line"]),
        ("from acme.ordering.api import Same", ["acme.ordering.order.Order"]),
        ("from acme.ordering.api import order", ["acme.ordering.order"]),
        (
            "from acme.ordering.api import *",
            ["acme.ordering.order", "acme.ordering.order.Line", "acme.ordering.order.Order"],
        ),
        ("from acme.ordering import api\napi.Order", ["acme.ordering.order.Order"]),
        ("from acme.ordering import api\napi.Placed", []),
        ("import acme.ordering.api\nacme.ordering.api.Order()", ["acme.ordering.order.Order"]),
        ("import acme.ordering.api as theirs\ntheirs.Row.x", ["acme.ordering.order.Line"]),
    ],
)
def test_a_name_that_a_published_module_hands_on_is_found_where_it_is_defined(
    tree: Tree, text: str, subjects: list[str]
) -> None:
    uses = of_billing(tree, f"{text}\n", **HANDING)
    handed = [use for use in uses if use.through == ("acme.ordering.api",)]
    assert {use.subject for use in handed} == set(subjects)
    assert {use.of for use in handed} == ({"acme.ordering.order"} if subjects else set())


def test_a_name_is_followed_through_stars_and_several_modules(tree: Tree) -> None:
    more = {
        "acme/ordering/api.py": "from acme.ordering.middle import *\n",
        "acme/ordering/middle.py": 'from acme.ordering.order import Order\n__all__ = ["Order"]\n',
    }
    uses = of_billing(tree, "from acme.ordering.api import Order\n", **more)
    assert "acme.ordering.order" in {use.of for use in uses}


def test_modules_that_hand_a_name_to_each_other_are_left(tree: Tree) -> None:
    more = {
        "acme/ordering/api.py": "from acme.ordering.order import Ghost\n",
        "acme/ordering/order.py": "from acme.ordering.api import Ghost\n",
    }
    assert {use.used for use in of_billing(tree, "from acme.ordering.api import Ghost\n", **more)} == {"ordering"}


def test_what_a_name_is_imported_from_outside_of_the_context_is_no_handing_on(tree: Tree) -> None:
    more = {"acme/ordering/api.py": "from decimal import Decimal\n"}
    (use,) = of_billing(tree, "from acme.ordering.api import Decimal\n", **more)
    assert use.through == ()


@pytest.mark.parametrize("argument", ["name", 'f"acme.{name}"', '"acme." + name', "*names", "TWICE"])
def test_an_import_by_a_name_that_is_no_literal_is_a_note(tree: Tree, argument: str) -> None:
    text = f"from importlib import import_module\n\ndef load(name, names):\n    import_module({argument})\n"
    text += 'TWICE = "acme.ordering"\nTWICE = "acme.shipping"\n'
    found = evidence(tree, {"acme/billing/main.py": text})
    (note,) = found.findings
    assert (note.rule, note.severity, note.contexts) == ("not-seen", "note", ("billing",))
    assert note.found_at.endswith("billing/main.py:4")
    assert found.uses == ()


def test_a_function_of_the_same_name_is_no_import(tree: Tree) -> None:
    text = 'def import_module(name): ...\nimport_module("acme.ordering.order")\n'
    assert of_billing(tree, text) == ()


def test_imports_inside_a_context_and_of_libraries_are_nobodys_business(tree: Tree) -> None:
    assert of_billing(tree, "import json\nimport acme.billing.api\nfrom . import api\n") == ()


def test_no_module_is_run(tree: Tree) -> None:
    raising = "raise RuntimeError('this was run')\n"
    files = dict.fromkeys(CLEAN, raising) | {"acme/ordering/__init__.py": raising, "acme/__init__.py": raising}
    assert evidence(tree, files).uses == ()
    assert not [name for name in sys.modules if name.partition(".")[0] == "acme"]


def test_a_chain_between_contexts_that_go_separate_ways_is_found(tree: Tree) -> None:
    files = {
        "acme/billing/main.py": "import acme.shipping.api\n",
        "acme/shipping/api.py": "import acme.shipping.main\n",
        "acme/shipping/main.py": "import acme.ordering.api\n",
    }
    apart = map_of(SeparateWays(ordering, billing), CustomerSupplier(supplier=shipping, customer=billing))
    (route,) = evidence(tree, files, apart).routes
    assert (route.user, route.used, route.kind) == ("billing", "ordering", "imports")
    assert route.path == ("acme.billing.main", "acme.shipping.api", "acme.shipping.main", "acme.ordering.api")
    assert route.found_at.endswith("billing/main.py:1")


def test_a_chain_to_each_other_at_once_is_no_way_through_others(tree: Tree) -> None:
    apart = map_of(SeparateWays(ordering, billing))
    found = evidence(tree, {"acme/billing/main.py": "import acme.ordering.api\n"}, apart)
    assert (found.routes, len(found.uses)) == ((), 1)


def test_a_kernel_is_measured_and_what_it_imports_is_told(tree: Tree) -> None:
    kernel = SharedKernel("money", package="acme.money", between=[ordering, billing])
    files = {
        "acme/money/amount.py": "# a comment\n\nimport acme.ordering.api\n\nAMOUNT = 1\n",
        "acme/billing/main.py": "from acme.money.amount import AMOUNT\n",
    }
    found = evidence(tree, files, map_of(kernel))
    assert found.kernel_lines == {"money": 2}
    assert [(one.user, one.used) for one in found.uses] == [("billing", "kernel/money"), ("kernel/money", "ordering")]


@pytest.mark.parametrize(
    ("odd", "rule", "severity"),
    [
        (context("ghost"), "no-package", "error"),
        (
            Context("ordering", team="a team", package="acme.ordering", published=["acme.ordering.gone"]),
            "no-module",
            "error",
        ),
        (Context("plain", team="a team"), "no-package", "note"),
    ],
    ids=["no such package", "no such published module", "no package said"],
)
def test_what_cannot_be_looked_at_is_told(tree: Tree, odd: Context, rule: str, severity: str) -> None:
    tree.write(CLEAN)
    (finding,) = check_map(map_of(alone=(odd,)))
    assert (finding.rule, finding.severity, finding.declared_at) == (rule, severity, odd.place)


def test_a_layer_that_is_no_module_is_told(tree: Tree) -> None:
    layer = AntiCorruptionLayer(upstream=ordering, downstream=billing, layer="acme.billing.gone")
    tree.write(CLEAN)
    (finding,) = (one for one in check_map(map_of(layer)) if one.rule == "no-module")
    assert "layer 'acme.billing.gone' of billing is no module" in finding.message


@pytest.mark.parametrize("text", ["def broken(:\n", "\udcff"])
def test_a_file_that_is_no_python_is_told_with_its_line(tree: Tree, text: str) -> None:
    tree.write(CLEAN)
    path = tree.root / "acme" / "billing" / "main.py"
    path.write_bytes(text.encode(errors="surrogateescape"))
    (finding,) = (one for one in check_map(CUSTOMER) if one.severity == "error")
    assert (finding.rule, finding.found_at) == ("unreadable", f"{path}:1")


def test_without_grimp_the_extra_is_named(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    tree.write(CLEAN)
    monkeypatch.setitem(sys.modules, "grimp", None)
    with pytest.raises(ExtraMissing, match=r"pip install 'leftfold\[check\]'") as told:
        imported(CUSTOMER)
    assert (told.value.extra, told.value.package) == ("check", "grimp")


def test_a_map_without_any_package_is_looked_at_without_ado() -> None:
    assert rules(check_map(map_of(alone=(Context("a", team="t"), Context("b", team="t"))))) == ["no-package"] * 2
