"""Folders of EventCatalog: services with what they send and receive."""

from __future__ import annotations

from pathlib import Path

import pytest

from leftfold.catalog import Catalog, InvalidCatalogFile, catalog_findings, impact, read_event_catalog
from leftfold.catalog.semantic_versions import ordered_versions, range_of
from tests.catalog.companies import rules_of

FILES = {
    "domains/Orders/index.mdx": "id: Orders\nversion: 1.0.0\nowners: [dboyne]\nservices:\n  - id: OrdersService",
    "domains/Orders/services/OrdersService/index.mdx": (
        "id: OrdersService\nversion: 2.0.0\nname: Orders\nsummary: |\n  Takes orders\n"
        "sends:\n  - id: OrderPlaced\n    version: latest\n  - id: OrderPlaced\n  - id: ChargeCard\n"
        "receives:\n  - id: PlaceOrder\n  - id: GetOrder\n  - id: StockCounted"
    ),
    "domains/Orders/services/OrdersService/versioned/1.0.0/index.mdx": "id: OrdersService\nversion: 1.0.0",
    "domains/Orders/services/OrdersService/events/OrderPlaced/index.mdx": (
        "id: OrderPlaced\nversion: 1.1.0\nschemaPath: schema.json\ndeprecated: true"
    ),
    "domains/Orders/services/OrdersService/events/OrderPlaced/versioned/1.0.0/index.md": (
        "id: OrderPlaced\nversion: 1.0.0"
    ),
    "commands/PlaceOrder/index.mdx": "id: PlaceOrder\nversion: 1.0.0",
    "commands/ChargeCard/index.mdx": "id: ChargeCard\nversion: 1.0.0",
    "queries/GetOrder/index.mdx": "id: GetOrder\nversion: 1.0.0",
    "services/Mail/index.mdx": (
        "id: Mail\nversion: 0.0.1\nowners:\n  - id: postmen\nreceives:\n  - id: OrderPlaced\n    version: ^1.1.0"
    ),
    "users/dboyne.mdx": "id: dboyne",
    "docs/index.mdx": "title: no resource",
}
SCHEMA = '{"type": "object", "properties": {"orderId": {"type": "string"}}}'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, front in FILES.items():
        write(tmp_path, name, front)
    (tmp_path / "domains/Orders/services/OrdersService/events/OrderPlaced/schema.json").write_text(SCHEMA)
    return tmp_path


def write(folder: Path, name: str, front: str) -> None:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"---\n{front}\n---\n# Text\n")


def test_a_service_is_a_context_with_what_it_sends_and_receives(folder: Path) -> None:
    mail, orders = read_event_catalog(folder).descriptors
    assert (orders.name, orders.team, orders.purpose, orders.domain) == (
        *("OrdersService", "dboyne", "Takes orders", "Orders"),
    )
    assert [(one.name, one.version, one.label, one.fields, one.deprecated) for one in orders.publishes] == [
        ("OrderPlaced", 1, "1.0.0", {}, ""),
        ("OrderPlaced", 2, "1.1.0", {"/orderId": "string"}, "deprecated"),
    ]
    assert (orders.commands, orders.queries) == (("PlaceOrder",), ("GetOrder",))
    assert [(one.event, one.versions) for one in orders.consumes] == [("StockCounted", "")]
    assert (mail.team, [(one.event, one.versions) for one in mail.consumes]) == ("postmen", [("OrderPlaced", "2")])
    assert mail.place == "services/Mail/index.mdx"


def test_what_it_says_can_be_asked_like_any_catalog(folder: Path) -> None:
    found = read_event_catalog(folder)
    assert rules_of(found.findings) == [("undescribed-message", "StockCounted")]
    catalog = Catalog(found.descriptors)
    assert rules_of(catalog_findings(catalog)) == [("unregistered-event", "StockCounted")]
    assert impact(catalog, "OrderPlaced@1.1.0.orderId").names == ("Mail",)
    assert catalog.dependencies("Mail").others == ("OrdersService",)


@pytest.mark.parametrize(
    ("name", "front", "said"),
    [
        ("services/A/index.mdx", "name: A", "its front matter has no id"),
        ("services/A/index.mdx", "id: A\nsends: OrderPlaced", "A/index.mdx:3: sends is to be a list"),
        ("services/A/index.mdx", "id: A\nsends:\n  - version: 1", "A/index.mdx:3: each entry of sends has an id"),
        ("services/A/index.mdx", "id: A\nname: B\nsummary: [a]", "A/index.mdx:4: summary is to be a text"),
        ("services/A/index.mdx", "id: A\n  b: c", "A/index.mdx:3"),
        (
            "events/OrderPlaced/versioned/3.0.0/index.mdx",
            "id: OrderPlaced\nschemaPath: x.json",
            ":3: its schema x.json is not there",
        ),
    ],
)
def test_a_page_that_is_not_as_it_should_be_is_told_with_its_file(
    folder: Path, name: str, front: str, said: str
) -> None:
    write(folder, name, front)
    with pytest.raises(InvalidCatalogFile) as raised:
        read_event_catalog(folder)
    assert name in str(raised.value) and said in str(raised.value)  # noqa: PT018 - both of one text


def test_a_damaged_schema_and_a_folder_without_services_are_told(folder: Path) -> None:
    (folder / "domains/Orders/services/OrdersService/events/OrderPlaced/schema.json").write_text("{")
    with pytest.raises(InvalidCatalogFile, match=r"schema\.json.*is no JSON Schema"):
        read_event_catalog(folder)
    with pytest.raises(InvalidCatalogFile, match="has no services/NAME"):
        read_event_catalog(folder / "users")


@pytest.mark.parametrize(
    ("wanted", "range"),
    [
        ("", "4"),
        ("latest", "4"),
        ("1.0.0", "2"),
        ("1.x", ">=2,<4"),
        ("^1.0.0", ">=2,<4"),
        ("^1.1.0", "3"),
        ("~1.0.0", "2"),
        ("~1", ">=2,<4"),
        ("^0.9.0", "1"),
        ("3.0.0", "5"),
        ("2.*", "4"),
    ],
)
def test_versions_of_others_are_counted_from_the_lowest_on(wanted: str, range: str) -> None:
    versions = ordered_versions(["1.0.0", "0.9.0", "2.0.0", "1.10.0"])
    assert versions == {"0.9.0": 1, "1.0.0": 2, "1.10.0": 3, "2.0.0": 4}
    assert range_of(wanted, versions) == range


def test_an_early_version_comes_before_its_release() -> None:
    assert list(ordered_versions(["1.0.0", "1.0.0-beta", "0.9"])) == ["0.9", "1.0.0-beta", "1.0.0"]
