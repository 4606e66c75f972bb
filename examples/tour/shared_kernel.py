"""Shared kernel.

Sales and billing mean the same by money, by the id of a customer and by a registration, so they share those few types,
in a package that belongs to neither. What is shared changes only when both teams agree: each approves a digest of what
the package means, and any other meaning is found before it is merged. Comments and line breaks mean nothing.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from examples.tour import kernel
from examples.tour.beside import beside
from examples.tour.kernel import CustomerId, CustomerRegistered, Money
from leftfold import Aggregate, App, Command, Context, DomainError, Event, applies
from leftfold.borders import approve_kernel, kernel_findings
from leftfold.contexts import ContextMap, SharedKernel
from leftfold.ids import new_id

FIGURES: Mapping[str, object] = {
    "total": "USD 200",
    "negative": "refused",
    "bad_id": "refused",
    "mixed_currencies": "refused",
    "unapproved_change": "found",
}

sales = Context("sales", team="revenue", purpose="Take orders")
billing = Context("billing", team="finance", purpose="Write invoices")


class Ordered(Event):
    """A customer wants something for so much."""

    total: Money


class Basket(Aggregate[CustomerRegistered | Ordered], category="tour_basket"):
    """What one customer has ordered."""

    total: Money = Money.of(0, "USD")

    def register(self, customer: CustomerId) -> None:
        """Begin."""
        self.record(CustomerRegistered(customer=customer, email="customer@example.org"))

    def order(self, total: Money) -> None:
        """Order more."""
        self.record(Ordered(total=total))

    @applies
    def _registered(self, _event: CustomerRegistered) -> None:
        pass

    @applies
    def _ordered(self, event: Ordered) -> None:
        self.total = self.total + event.total


class PlaceOrder(Command):
    """Order something."""

    basket: str
    customer: CustomerId
    total: Money


@sales.decides(Basket, id="basket")
def place_order(command: PlaceOrder, basket: Basket) -> None:
    """Decide."""
    if not basket.version:
        basket.register(command.customer)
    basket.order(command.total)


class Charged(Event):
    """A customer owes something."""

    amount: Money


class Tab(Aggregate[CustomerRegistered | Charged], category="tour_tab"):
    """What one customer owes."""

    owed: Money = Money.of(0, "USD")

    def register(self, customer: CustomerId) -> None:
        """Begin."""
        self.record(CustomerRegistered(customer=customer, email="customer@example.org"))

    def charge(self, amount: Money) -> None:
        """Owe more."""
        self.record(Charged(amount=amount))

    @applies
    def _registered(self, _event: CustomerRegistered) -> None:
        pass

    @applies
    def _charged(self, event: Charged) -> None:
        self.owed = self.owed + event.amount


class Charge(Command):
    """Let a customer owe more."""

    tab: str
    customer: CustomerId
    amount: Money


@billing.decides(Tab, id="tab")
def charge(command: Charge, tab: Tab) -> None:
    """Decide."""
    if not tab.version:
        tab.register(command.customer)
    tab.charge(command.amount)


async def show(store: str) -> dict[str, object]:
    """Run the pattern on the store at this URL and return what it came to."""
    number, customer = f"{new_id()}", CustomerId("CUST-001")
    stores = {"sales": await beside(store, "counter"), "billing": await beside(store, "billing")}
    async with App(sales, billing, store=stores) as app:
        for amount in (Money.of(150, "USD"), Money.of(50, "USD")):
            await app.send(PlaceOrder(basket=number, customer=customer, total=amount))
            await app.send(Charge(tab=number, customer=customer, amount=amount))
        ordered = (await app.repository(Basket).get(number)).total
        owed = (await app.repository(Tab).get(number)).owed
    return {
        "total": f"{owed.currency} {owed.amount.normalize():f}" if owed == ordered else "differs",
        "negative": _refused(lambda: Money.of(150, "USD") - Money.of(200, "USD")),
        "bad_id": _refused(lambda: CustomerId("C-001")),
        "mixed_currencies": _refused(lambda: owed + Money.of(50, "EUR")),
        "unapproved_change": _changed(),
    }


def _refused(attempt: Callable[[], object]) -> str:
    try:
        attempt()
    except DomainError:
        return "refused"
    return "allowed"


def _changed() -> str:
    """Change a copy of the kernel that both teams have agreed on."""
    with _copy() as (package, folder):
        shared = SharedKernel("customers", package=package, between=[sales, billing])
        shop = ContextMap("tour", shared)
        lock, teams = folder / "kernel.lock", folder / "teams.toml"
        teams.write_text(
            '[teams.revenue]\nmembers = ["rae@example.org"]\n[teams.finance]\nmembers = ["fay@example.org"]\n'
        )
        for team, by in (("revenue", "rae@example.org"), ("finance", "fay@example.org")):
            approve_kernel(shared, lock, teams, team=team, by=by, at=datetime.now(UTC))
        customers = folder / package / "customers.py"
        customers.write_text(f"{customers.read_text()}\n# This means nothing.\n")
        assert kernel_findings(shop, lock, teams) == ()
        customers.write_text(customers.read_text().replace('"CUST-"', '"C-"'))
        rules = {finding.rule for finding in kernel_findings(shop, lock, teams)}
        return "found" if "kernel-changed" in rules else "missed"


@contextmanager
def _copy() -> Generator[tuple[str, Path]]:
    """A copy of the kernel that can be imported, and the folder that it is in."""
    package = f"kernel_{new_id().hex}"
    with TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(Path(kernel.__file__).parent, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
        for file in (folder / package).glob("*.py"):
            file.write_text(file.read_text().replace("examples.tour.kernel", package))
        sys.path.insert(0, name)
        try:
            yield package, folder
        finally:
            sys.path.remove(name)
            for module in [each for each in sys.modules if each.partition(".")[0] == package]:
                del sys.modules[module]
