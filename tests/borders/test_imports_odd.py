"""Code bases as they are: one file for a context, namespaces, stubs, scripts, links, files that nobody can read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from leftfold.borders import check_map, imported
from leftfold.contexts import Context, ContextMap, CustomerSupplier, Finding, SeparateWays, SharedKernel
from leftfold.errors import DefinitionError
from tests.borders.acme import billing, context, map_of, ordering, rules, shipping
from tests.borders.trees import Tree

MAIN = "acme/billing/main.py"
INSIDE = "from acme.ordering.order import Order\n"
CLEAN = {
    "acme/ordering/__init__.py": "",
    "acme/ordering/api.py": "",
    "acme/ordering/order.py": "class Order: ...\n",
    "acme/billing/api.py": "",
    MAIN: "",
}
single = Context("single", team="a team", package="single")
CUSTOMER = map_of(CustomerSupplier(supplier=ordering, customer=billing))


def errors(tree: Tree, files: Mapping[str, str], context_map: ContextMap = CUSTOMER) -> Sequence[Finding]:
    """What fails when these files are there, too."""
    tree.write({**CLEAN, **files})
    return again(context_map)


def again(context_map: ContextMap = CUSTOMER) -> Sequence[Finding]:
    return [one for one in check_map(context_map) if one.severity == "error"]


def test_a_context_that_is_one_file_is_held_to_the_map_like_a_package(tree: Tree) -> None:
    files = {
        "single.py": "import acme.ordering.api\nimport acme.ordering.order\n",
        MAIN: "import os\nfrom single import X\n",
    }
    relation = CustomerSupplier(supplier=ordering, customer=single)
    taken, inside = sorted(errors(tree, files, map_of(relation, alone=(billing,))), key=lambda one: one.rule)
    assert (taken.rule, taken.contexts, taken.found_at) == (
        "no-relation",
        ("billing", "single"),
        f"{tree.root / MAIN}:2",
    )
    assert (inside.rule, inside.found_at) == ("unpublished-import", f"{tree.root}/single.py:2")
    assert inside.declared_at == relation.place


def test_two_contexts_of_one_file_each_and_what_lies_between_them_are_seen(tree: Tree) -> None:
    other = Context("other", team="a team", package="other")
    files = {"single.py": "def late():\n    import acme.glue\n", "acme/glue.py": "import other\n", "other.py": ""}
    (finding,) = errors(tree, files, map_of(alone=(single, other, billing)))
    assert finding.message.startswith("single imports other through acme.glue, which belongs to other")
    assert finding.found_at == f"{tree.root}/single.py:2"


def test_a_chain_to_a_context_of_one_file_is_a_way_to_it(tree: Tree) -> None:
    files = {MAIN: "import acme.shipping.api\n", "acme/shipping/api.py": "import single\n", "single.py": ""}
    tree.write({**CLEAN, **files})
    apart = map_of(SeparateWays(billing, single), CustomerSupplier(supplier=shipping, customer=billing))
    (route,) = imported(apart).routes
    assert route.path == ("acme.billing.main", "acme.shipping.api", "single")


def test_a_kernel_of_one_file_knows_no_context(tree: Tree) -> None:
    kernel = SharedKernel("money", package="money", between=[ordering, billing])
    assert rules(errors(tree, {"money.py": INSIDE}, map_of(kernel))) == ["kernel-imports-context"]


@pytest.mark.parametrize("without", ["acme", "acme/billing", "acme/billing/deep", ""], ids=lambda one: one or "all")
def test_a_folder_without_an_init_is_seen_like_one_that_has_it(tree: Tree, without: str) -> None:
    tree.write({**CLEAN, "acme/billing/deep/main.py": INSIDE})
    for path in [tree.root / without / "__init__.py"] if without else tree.root.rglob("__init__.py"):
        path.unlink()
    (finding,) = again()
    assert (finding.rule, finding.found_at) == ("unpublished-import", f"{tree.root}/acme/billing/deep/main.py:1")


def test_what_is_imported_through_a_folder_of_nobody_without_an_init_is_imported(tree: Tree) -> None:
    tree.write({**CLEAN, "acme/tools/glue.py": INSIDE, MAIN: "import acme.tools.glue\n"})
    (tree.root / "acme/tools/__init__.py").unlink()
    (finding,) = again()
    assert (finding.rule, finding.found_at) == ("unpublished-import", f"{tree.root}/{MAIN}:1")


def test_a_namespace_that_is_published_is_a_module(tree: Tree) -> None:
    host = Context("ordering", team="a team", package="acme.ordering", published=["acme.ordering.doors"])
    tree.write({**CLEAN, "acme/ordering/doors/front.py": ""})
    (tree.root / "acme/ordering/doors/__init__.py").unlink()
    assert again(map_of(alone=(host,))) == []


@pytest.mark.parametrize("name", ["my-script.py", "my-scripts/run.py", "class.py", "__main__.py", "größe.py"])
def test_a_file_that_is_run_and_never_imported_is_seen(tree: Tree, name: str) -> None:
    (finding,) = errors(tree, {f"acme/billing/{name}": INSIDE})
    assert finding.found_at == f"{tree.root}/acme/billing/{name}:1"


@pytest.mark.parametrize("name", ["main.pyi", "compiled.pyi"])
def test_what_a_stub_imports_is_for_type_checkers_and_found_in_the_stub(tree: Tree, name: str) -> None:
    (finding,) = errors(tree, {f"acme/billing/{name}": f"import os\n{INSIDE}"})
    assert "for type checkers" in finding.message
    assert finding.found_at == f"{tree.root}/acme/billing/{name}:2"


ENCODED = {
    "a byte order mark": b"\xef\xbb\xbf",
    "latin 1": "# coding: latin-1\nNAME = 'Größe'\n".encode("latin-1"),
    "line ends of Windows": b"import os\r\n",
    "line ends of old": b"import os\r",
    "four hundred branches": b"if 0: ...\n" + b"elif 1: ...\n" * 400,
    "four hundred terms": b"X = 0" + b" + 1" * 400 + b"\n",
}


@pytest.mark.parametrize("head", ENCODED.values(), ids=ENCODED)
def test_source_that_python_reads_is_read(tree: Tree, head: bytes) -> None:
    tree.write(CLEAN)
    (tree.root / MAIN).write_bytes(head + INSIDE.encode())
    (finding,) = again()
    lines = len(head.splitlines()) if head != ENCODED["a byte order mark"] else 0
    assert (finding.rule, finding.found_at) == ("unpublished-import", f"{tree.root / MAIN}:{lines + 1}")


UNREADABLE = {
    "no syntax": (b"\n\ndef (:\n", 3),
    "another encoding than it says": b"X = '\xe9'\n",
    "an encoding that nobody knows": b"# coding: klingon\n",
    "NUL": b"X = 1\0\n",
    "above the top": (b"\nfrom .... import ordering\n", 2),
    "too deep": b"X = a" + b".b" * 20_000 + b"\n",
}


@pytest.mark.parametrize("source", UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_nobody_can_read_is_told_and_hides_no_other(tree: Tree, source: bytes | tuple[bytes, int]) -> None:
    text, line = source if isinstance(source, tuple) else (source, 1)
    tree.write({**CLEAN, "acme/billing/other.py": INSIDE})
    (tree.root / MAIN).write_bytes(text)
    broken, inside = sorted(again(), key=lambda one: one.found_at)
    assert (broken.rule, broken.found_at) == ("unreadable", f"{tree.root / MAIN}:{line}")
    assert (inside.rule, inside.found_at) == ("unpublished-import", f"{tree.root}/acme/billing/other.py:1")


@pytest.mark.parametrize("text", ["def broken(:\n", "from .... import ordering\n"])
def test_a_file_of_nobody_that_cannot_be_read_is_told_and_hides_nothing_of_contexts(tree: Tree, text: str) -> None:
    found = errors(tree, {"acme/nobodys.py": text, MAIN: INSIDE})
    assert sorted(rules(found)) == ["unpublished-import", "unreadable"]
    assert any("imports through other modules are not seen" in one.message for one in found)


def test_a_link_to_nothing_and_a_folder_called_like_a_file_hide_nothing(tree: Tree) -> None:
    tree.write({**CLEAN, MAIN: INSIDE})
    (tree.root / "acme/billing/gone.py").symlink_to(Path("nowhere.py"))
    (tree.root / "acme/billing/folder.py").mkdir()
    assert "unpublished-import" in rules(again())


def test_a_folder_that_is_a_link_is_a_note_as_nobody_looks_into_it(tree: Tree) -> None:
    tree.write(CLEAN)
    (tree.root / "acme/billing/linked").symlink_to(tree.root / "acme/billing")
    (note,) = (one for one in check_map(CUSTOMER) if one.rule == "not-seen")
    assert (note.severity, note.found_at) == ("note", f"{tree.root}/acme/billing/linked:1")


LISTED = {
    "a star of a star": "from .order import *\n",
    "a list in pieces": "from .order import Order\n__all__ = [] + ['Order']\n",
    "a list that grows": "from .order import Order\n__all__ = []\n__all__.extend(['Order'])\n",
    "a list that is given one": "from .order import Order\n__all__ = []\n__all__.append('Order')\n",
    "a list put together otherwise": "from .order import Order\n__all__ = sorted(globals())\n",
}


@pytest.mark.parametrize("init", LISTED.values(), ids=LISTED)
def test_what_a_star_takes_of_a_package_that_is_published_is_known(tree: Tree, init: str) -> None:
    whole = Context("ordering", team="a team", package="acme.ordering", published=["acme.ordering"])
    relation = CustomerSupplier(supplier=whole, customer=billing)
    files = {"acme/ordering/__init__.py": init, MAIN: "from acme.ordering import *\n"}
    (finding,) = errors(tree, files, map_of(relation))
    assert (finding.rule, finding.subject) == ("handed-on", "acme.billing.main -> acme.ordering.order.Order")


def test_what_a_list_leaves_out_is_not_taken_by_a_star(tree: Tree) -> None:
    whole = Context("ordering", team="a team", package="acme.ordering", published=["acme.ordering"])
    files = {
        "acme/ordering/__init__.py": "from .order import Order\n__all__ = ['x']\nx = 1\n",
        MAIN: "from acme.ordering import *\n",
    }
    assert errors(tree, files, map_of(CustomerSupplier(supplier=whole, customer=billing))) == []


def test_two_contexts_in_one_package_or_one_inside_the_other_are_no_map() -> None:
    for package in ("acme.ordering", "acme.ordering.inner"):
        with pytest.raises(DefinitionError, match=r"is inside 'acme.ordering' of ordering"):
            map_of(alone=(ordering, context("other", package=package)))
