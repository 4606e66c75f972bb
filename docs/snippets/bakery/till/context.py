from leftfold import Aggregate, Command, Context, Event, applies
from leftfold.contexts import Subdomain

till = Context("till", team="Counter", subdomain=Subdomain.GENERIC, package="bakery.till")


class Charge(Command):
    order: str
    cents: int


class Charged(Event):
    cents: int


class Bill(Aggregate[Charged]):
    @applies
    def _charged(self, event: Charged) -> None: ...


@till.decides(Bill, id="order")
def charge(command: Charge, bill: Bill) -> None:
    bill.record(Charged(cents=command.cents))
