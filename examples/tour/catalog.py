"""Context catalog.

Each context describes itself: its team, whom it follows and who follows it. Merged, the descriptions answer who depends
on whom and what a change reaches, and tell apart what is registered from what somebody only names. Where two sides do
not say the same of each other, that is a finding.
"""

from __future__ import annotations

from collections.abc import Mapping

from leftfold.catalog import Catalog, Descriptor, catalog_findings, impact
from leftfold.contexts import Edge

FIGURES: Mapping[str, object] = {
    "direct": ["Sales", "Support", "Marketing"],
    "registered": ["Sales"],
    "affected_named": 6,
    "affected_registered": 2,
    "sales_dependencies": ["Customer", "Inventory"],
    "one_sided": ["Billing -> Customer"],
}


def supplies(supplier: str, customer: str) -> Edge:
    """One is the customer of the other."""
    return Edge(
        kind="directed",
        upstream=supplier,
        downstream=customer,
        upstream_roles=("supplier",),
        downstream_roles=("customer",),
    )


PARTNERS = Edge(kind="partnership", upstream="Billing", downstream="Sales")

COMPANY = (
    Descriptor(
        name="Customer",
        team="Customer Experience",
        purpose="Know who the customers are",
        relations=tuple(supplies("Customer", name) for name in ("Sales", "Support", "Marketing")),
    ),
    Descriptor(
        name="Sales",
        team="Revenue",
        purpose="Take orders",
        relations=(
            supplies("Customer", "Sales"),
            supplies("Inventory", "Sales"),
            PARTNERS,
            supplies("Sales", "Fulfillment"),
        ),
    ),
    Descriptor(
        name="Billing",
        team="Finance",
        purpose="Write invoices",
        relations=(PARTNERS, supplies("Customer", "Billing"), supplies("Billing", "Accounting")),
    ),
)
"""What three teams wrote, each in a repository of its own."""


async def show(store: str) -> dict[str, object]:
    """Run the pattern and return what it came to."""
    del store  # a catalog is descriptors, not events
    catalog = Catalog(COMPANY)
    direct = catalog.consumers("Customer").declared
    change = impact(catalog, "Customer")
    return {
        "direct": list(direct),
        "registered": list(catalog.registered(direct)),
        "affected_named": len(change.names),
        "affected_registered": len(change.registered),
        "sales_dependencies": list(catalog.dependencies("Sales").declared),
        "one_sided": [
            finding.subject.replace(" follows ", " -> ")
            for finding in catalog_findings(catalog)
            if finding.rule == "one-sided-relation"
        ],
    }
