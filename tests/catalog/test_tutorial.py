"""A company of which two teams know more than they say, told apart from what is registered."""

from __future__ import annotations

from leftfold.catalog import catalog_findings, impact
from tests.catalog.companies import tutorial


def test_whom_a_context_names_is_told_in_its_order_and_who_of_them_is_registered() -> None:
    catalog = tutorial()
    direct = catalog.consumers("Customer").declared
    assert direct == ("Sales", "Support", "Marketing")
    assert catalog.registered(direct) == ("Sales",)
    assert catalog.consumers("Customer").others == ("Billing",)
    assert catalog.dependencies("Sales").declared == ("Customer", "Inventory")
    assert catalog.dependencies("Inventory").all == ()
    assert catalog.consumers("Inventory").all == ("Sales",)


def test_six_are_affected_by_name_and_two_of_them_are_registered() -> None:
    found = impact(tutorial(), "Customer")
    assert set(found.names) == {"Sales", "Support", "Marketing", "Billing", "Fulfillment", "Accounting"}
    assert set(found.registered) == {"Sales", "Billing"}
    assert set(found.unregistered) == {"Support", "Marketing", "Fulfillment", "Accounting"}
    assert found.teams == ("Finance", "Revenue")
    paths = {hit.context: hit.path for hit in found.hits}
    assert paths["Accounting"] == ("Customer", "Billing", "Accounting")
    assert paths["Fulfillment"] == ("Customer", "Sales", "Fulfillment")
    assert {hit.context for hit in found.hits if hit.direct} == {"Sales", "Support", "Marketing", "Billing"}


def test_one_relation_is_said_by_one_side_only() -> None:
    found = [one for one in catalog_findings(tutorial()) if one.rule == "one-sided-relation"]
    assert [(one.contexts, one.subject) for one in found] == [(("Billing", "Customer"), "Billing follows Customer")]
    assert "Billing declares it, and Customer does not" in found[0].message


def test_a_team_is_found_and_so_is_what_its_contexts_lead_to() -> None:
    catalog = tutorial()
    assert [one.name for one in catalog.find(team="Revenue")] == ["Sales"]
    assert set(impact(catalog, "Revenue").names) == {"Billing", "Fulfillment", "Accounting"}
