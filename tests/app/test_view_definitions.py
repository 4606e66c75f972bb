"""What an app finds wrong with views, translations and publications when it is made."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from msgspec import Struct

from leftfold import App, Command, ConsumerView, Context, DefinitionError, Event, IntegrationEvent
from tests.app.delivery import Deliver, Ordered, Parcel, Placed, delivering, ordering


class Unheard(ConsumerView, of="acme.returned", versions=">=1"):
    order: str


class TooNew(ConsumerView, of="acme.placed", versions=">=3"):
    order: str


class Typo(ConsumerView, of="acme.placed", versions="2"):
    ordre: str


class Useless(ConsumerView, of="acme.placed", versions="<3"):
    order: str
    never: int = 0


class Coming(ConsumerView, of="acme.placed", versions=">=2"):
    order: str
    some_day: int = 0


class WrongType(ConsumerView, of="acme.placed", versions="2"):
    order: int


class Place(Struct, frozen=True):
    street: str
    zip: str


class Deep(ConsumerView, of="acme.placed", versions="2"):
    to: Place


class Strict(ConsumerView, of="acme.placed", versions="2"):
    anything: object


class Nearly(ConsumerView, of="acme.placed", versions="<3"):
    """Version 1 has another name for it."""

    total: int


def reading(view: type[ConsumerView]) -> Context:
    context = Context("reading")

    async def hear(event: ConsumerView) -> None:
        raise NotImplementedError

    hear.__annotations__["event"] = view
    context.on()(hear)
    return context


def findings(*contexts: Context) -> str:
    with pytest.raises(DefinitionError) as caught:
        App(*contexts, store="memory:{context}")
    return "\n".join(caught.value.findings)


@pytest.mark.parametrize(
    ("view", "said"),
    [
        (Unheard, "no context of this App publishes 'acme.returned', of which Unheard is a view"),
        (TooNew, "TooNew reads 'acme.placed' in versions >=3; it is published as v1, v2"),
        (Typo, "Typo.ordre is no field of 'acme.placed' in v2"),
        (Useless, "Useless.never is no field of 'acme.placed' in v1, v2"),
        (WrongType, "WrongType.order does not read all that 'acme.placed' v2 may hold there: type-changed, as in {"),
        (Deep, "Deep.to.zip does not read all that 'acme.placed' v2 may hold there"),
        (Strict, "view Strict, field 'anything' has no codec"),
        (Nearly, "Nearly.total does not read all that 'acme.placed' v1 may hold there"),
    ],
)
def test_a_view_that_cannot_be_read_is_a_finding_with_its_field(view: type[ConsumerView], said: str) -> None:
    told = findings(ordering(), reading(view))
    assert said in told
    assert "context 'reading', 'hear'" in told


@pytest.mark.parametrize("view", [Parcel, Coming])
def test_a_view_that_can_be_read_is_none(view: type[ConsumerView]) -> None:
    App(ordering(), reading(view), store="memory:{context}")


def test_what_the_publisher_is_not_there_for_is_a_finding_of_everything_that_follows_it() -> None:
    told = findings(delivering()).splitlines()
    assert sum("no context of this App publishes 'acme.placed'" in one for one in told) == 5


def test_two_contexts_cannot_publish_one_name_even_by_different_classes() -> None:
    class Other(IntegrationEvent, name="acme.placed", version=7):
        order: str

    second = Context("second")

    @second.publishes
    def other(event: Ordered) -> Other:
        raise NotImplementedError

    assert "contexts ordering and second both publish 'acme.placed'" in findings(ordering(), second)


def test_one_name_and_version_is_one_class() -> None:
    class Again(IntegrationEvent, name="acme.placed", version=2):
        order: str

    context = ordering()

    @context.publishes
    def again(event: Ordered) -> Again:
        raise NotImplementedError

    assert "both are 'acme.placed' v2" in findings(context)


@pytest.mark.parametrize("taken", [Parcel, Placed])
def test_a_context_follows_its_own_events_and_not_what_it_publishes_of_them(taken: type) -> None:
    context = ordering()

    async def hear(event: object) -> None:
        raise NotImplementedError

    hear.__annotations__["event"] = taken
    context.on()(hear)
    assert f"{taken.__name__} is what this context publishes itself" in findings(context)


class Elsewhere(Command):
    order: str


def test_a_translation_gives_commands_of_its_own_context() -> None:
    other, translating = Context("other"), Context("translating")

    @other.command
    async def do(command: Elsewhere) -> None:
        raise NotImplementedError

    @translating.translates
    def to_elsewhere(event: Parcel) -> Elsewhere:
        raise NotImplementedError

    told = findings(ordering(), other, translating)
    assert "translation 'to_elsewhere' gives Elsewhere, which context 'translating' does not handle" in told


class Own(Event):
    order: str


def of_an_own_event(event: Own) -> Deliver:
    raise NotImplementedError


def of_both(event: Own | Parcel) -> Deliver:
    raise NotImplementedError


async def that_waits(event: Parcel) -> Deliver:
    raise NotImplementedError


def without_command(event: Parcel) -> str:
    raise NotImplementedError


def of_the_base(event: ConsumerView) -> Deliver:
    raise NotImplementedError


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (of_an_own_event, "takes Own; it translates views"),
        (of_both, "takes Own; it translates views"),
        (that_waits, "is async"),
        (without_command, "annotate what it sends"),
        (of_the_base, "ConsumerView itself is a view of nothing"),
    ],
)
def test_a_translation_is_a_pure_function_from_what_is_published_to_commands(
    function: Callable[..., object], said: str
) -> None:
    with pytest.raises(DefinitionError, match=function.__name__) as caught:
        Context("translating").translates(function)
    assert said in str(caught.value)


def test_a_translation_may_have_a_name_and_a_time_to_be_done_in() -> None:
    context = Context("translating")
    context.translates(name="deliver_it", within=timedelta(minutes=5))(to_deliver)
    (made,) = context.translations
    assert (made.name, made.within) == ("deliver_it", timedelta(minutes=5))


def to_deliver(event: Parcel) -> Deliver:
    raise NotImplementedError
