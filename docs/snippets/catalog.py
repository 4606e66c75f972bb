"""A theatre: the stage says which plays are on, the box office sells tickets, the cloakroom counts coats."""

# stage

from leftfold import Aggregate, App, Command, ConsumerView, Context, ContextMap, Event, IntegrationEvent, applies
from leftfold.contexts import AntiCorruptionLayer, Conformist, Subdomain

stage = Context("stage", team="Directors", purpose="Say which plays are on", subdomain=Subdomain.CORE)


class PlayAnnounced(Event):
    play: str
    seats: int
    author: str


class Announce(Command):
    play: str
    seats: int
    author: str


class Play(Aggregate[PlayAnnounced], category="play"):
    seats: int = 0

    @applies
    def _announced(self, event: PlayAnnounced) -> None:
        self.seats = event.seats


class PlayIsOn(IntegrationEvent, name="stage.play_is_on"):
    play: str
    seats: int
    author: str


@stage.decides(Play, id="play", exists=False)
def announce(command: Announce, play: Play) -> None:
    play.record(PlayAnnounced(play=command.play, seats=command.seats, author=command.author))


@stage.publishes
def play_is_on(event: PlayAnnounced) -> PlayIsOn:
    return PlayIsOn(play=event.play, seats=event.seats, author=event.author)


# box office

box_office = Context("box_office", team="Sales", purpose="Sell tickets", package=__name__)


class SaleOpened(Event):
    play: str
    tickets: int


class OpenSale(Command):
    play: str
    tickets: int


class Sale(Aggregate[SaleOpened], category="sale"):
    tickets: int = 0

    @applies
    def _opened(self, event: SaleOpened) -> None:
        self.tickets = event.tickets


class TicketsAreSold(IntegrationEvent, name="box_office.tickets_are_sold"):
    play: str


class Seats(ConsumerView, of="stage.play_is_on", versions=">=1,<3"):
    play: str
    seats: int


@box_office.translates
def open_sale(event: Seats) -> OpenSale:
    return OpenSale(play=event.play, tickets=event.seats)


@box_office.decides(Sale, id="play")
def opened(command: OpenSale, sale: Sale) -> None:
    sale.record(SaleOpened(play=command.play, tickets=command.tickets))


@box_office.publishes
def tickets_are_sold(event: SaleOpened) -> TicketsAreSold:
    return TicketsAreSold(play=event.play)


# cloakroom

cloakroom = Context("cloakroom", team="Front of house", purpose="Keep coats")


class Playing(ConsumerView, of="stage.play_is_on", versions=">=1"):
    play: str
    author: str


class Sold(ConsumerView, of="box_office.tickets_are_sold", versions="1"):
    play: str


@cloakroom.on(Playing)
async def write_the_sign(event: Playing) -> None:
    print(f"tonight: {event.play} by {event.author}")


@cloakroom.on(Sold)
async def put_up_hooks(event: Sold) -> None:
    print(f"hooks for {event.play}")


# map

theatre = ContextMap(
    "theatre",
    AntiCorruptionLayer(upstream=stage, downstream=box_office, layer=__name__),
    Conformist(upstream=stage, downstream=cloakroom),
    Conformist(upstream=box_office, downstream=cloakroom),
)
app = App(stage, box_office, cloakroom, store="sqlite:///{context}.db", context_map=theatre)

# ask

from leftfold.catalog import Catalog, catalog_findings, descriptors_of, impact  # noqa: E402 - one part of the page each

catalog = Catalog(descriptors_of(app.contexts, theatre))
assert catalog_findings(catalog) == ()
assert catalog.consumers("stage").all == ("box_office", "cloakroom")

seats = impact(catalog, "stage.play_is_on.seats", change="type")
assert [(hit.context, hit.outcome, hit.module) for hit in seats.hits] == [
    ("box_office", "absorbed", __name__),
]
assert [(one.context, one.reason) for one in seats.unaffected] == [("cloakroom", "it reads only /author, /play")]

# end
