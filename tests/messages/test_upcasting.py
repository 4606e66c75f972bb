from __future__ import annotations

import inspect
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Union, cast

import pytest
from typing_extensions import TypeAliasType

from leftfold.errors import (
    DamagedPayload,
    DefinitionError,
    InvalidPayload,
    UnknownEventType,
    UnknownSchemaVersion,
    UpcastFailed,
)
from leftfold.messages import Codec, Event, Metadata, Registry, Upcast
from tests.messages.versions import (
    CODEC,
    REGISTRY,
    Added,
    CardUsed,
    Cashed,
    Cleared,
    Clicked,
    Counted,
    Ordered,
    PaidV1,
    PaidV2,
    PaidV3,
    Taken,
    add_currency,
    rename_amount_and_drop_note,
)

PAID: list[Upcast] = [add_currency, rename_amount_and_drop_note]


def made(name: str, returns: object, *, takes: object, answer: object = None) -> Upcast:
    """An upcast that answers always the same, whatever it is declared to return."""

    def upcast(old: object) -> object:  # noqa: ARG001
        return answer

    upcast.__annotations__.update({"old": takes, "return": returns})
    upcast.__qualname__ = name
    return upcast


def today(event: object, codec: Codec = CODEC) -> tuple[object, ...]:
    stored = codec.encode(event)
    return codec.read(stored.data, stream="shop-1", version=7, type=stored.type, schema_version=stored.schema_version)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (PaidV2(amount=Decimal("1.50"), note="n", currency="EUR"), (PaidV3(value=Decimal("1.50"), currency="EUR"),)),
        (PaidV1(amount=Decimal("1.50"), note="n"), (PaidV3(value=Decimal("1.50"), currency="USD"),)),
        (PaidV3(value=Decimal(1), currency="EUR"), (PaidV3(value=Decimal(1), currency="EUR"),)),
        (Cashed(cents=150), (PaidV3(value=Decimal("1.50"), currency="EUR"),)),
        (CardUsed(amount=Decimal(3)), (PaidV3(value=Decimal(3), currency="USD"),)),
        (
            Ordered(item="pen", amount=Decimal(2)),
            (Added(item="pen"), PaidV3(value=Decimal(2), currency="USD")),
        ),
        (Cleared(items=("pen", "ink")), (Taken(item="pen"), Taken(item="ink"))),
        (Cleared(items=()), ()),
        (Clicked(where="here"), ()),
        (Counted(count=1), (Added(item="counted"),)),
        (Counted(count=-1), (Taken(item="counted"),)),
        (Counted(count=0), ()),
    ],
    ids=str,
)
def test_old_events_are_read_as_those_of_today_through_any_chain(old: object, new: tuple[object, ...]) -> None:
    assert today(old) == new


def test_what_was_stored_can_still_be_read_as_it_was_stored() -> None:
    old = PaidV1(amount=Decimal("1.50"), note="n")
    stored = CODEC.encode(old)
    assert CODEC.decode(stored.data, stream="s", version=1, type="Paid", schema_version=1) == old


def test_the_classes_that_upcasts_take_are_registered_by_that() -> None:
    assert REGISTRY.type_of("Paid", 1) is PaidV1
    assert REGISTRY.type_of("Card", 1) is CardUsed
    assert REGISTRY.current("Paid") is PaidV3


def test_a_registry_knows_what_may_become_of_every_class() -> None:
    chains = REGISTRY.chains
    assert chains.current(PaidV1) == (PaidV3,)
    assert chains.current(Ordered) == (Added, PaidV3)
    assert chains.current(Counted) == (Added, Taken)
    assert chains.current(Clicked) == ()
    assert chains.current(Added) == (Added,)
    assert (chains.rise(Added), chains.upcast_of(Added)) == (None, None)
    assert chains.upcast_of(PaidV1) == "tests.messages.versions.add_currency"


class Deposited(Event):
    cents: int


def from_union(old: Cashed | CardUsed) -> Deposited:
    return Deposited(cents=old.cents if isinstance(old, Cashed) else int(old.amount * 100))


def test_two_old_names_become_one_by_one_function_or_by_two() -> None:
    codec = Codec(Registry("bank", Deposited, upcasts=[from_union]))
    assert today(Cashed(cents=5), codec) == today(CardUsed(amount=Decimal("0.05")), codec) == (Deposited(cents=5),)


def test_an_event_is_renamed_by_an_upcast_or_by_an_alias() -> None:
    class PaidIn(Event):
        cents: int

    def renamed(old: PaidIn) -> Deposited:
        return Deposited(cents=old.cents)

    by_upcast = Codec(Registry("bank", Deposited, upcasts=[renamed]))
    by_alias = Codec(Registry("bank", Deposited, aliases={"PaidIn": Deposited}))
    for codec in (by_upcast, by_alias):
        read = codec.read(b'{"cents":5}', stream="s", version=1, type="PaidIn", schema_version=1)
        assert read == (Deposited(cents=5),)


def test_an_alias_of_a_name_goes_through_its_chain() -> None:
    codec = Codec(Registry("shop", PaidV3, Added, upcasts=PAID, aliases={"Payed": PaidV3}))
    read = codec.read(b'{"amount":"1","note":""}', stream="s", version=1, type="Payed", schema_version=1)
    assert read == (PaidV3(value=Decimal(1), currency="USD"),)


class Several(Event, version=2):
    pass


class Old(Event, name="Several"):
    pass


Aliased = TypeAliasType("Aliased", Several | None)


@pytest.mark.parametrize(
    ("returns", "answer", "wanted"),
    [
        ("Several", Several(), (Several(),)),
        (Union["Several", None], None, ()),
        (tuple["Several", ...], (Several(), Several()), (Several(), Several())),
        (tuple[Several] | tuple[Several, Several] | None, (Several(), Several()), (Several(), Several())),
        (tuple[Several] | tuple[Several, Several] | Several, Several(), (Several(),)),
        (tuple[()], (), ()),
        (None, None, ()),
        (Aliased, Several(), (Several(),)),
    ],
)
def test_every_spelling_of_a_result_is_understood(returns: object, answer: object, wanted: tuple[object, ...]) -> None:
    upcast = made("upcast", returns, takes="Old", answer=answer)
    assert today(Old(), Codec(Registry("s", Several, upcasts=[upcast]))) == wanted


# ---- an upcast that fails -------------------------------------------------------------------------------------------


def failing(old: Old) -> Several:
    raise ZeroDivisionError(f"no {type(old).__name__}")


def failing_or_dropping(old: Old) -> Several | None:
    raise ZeroDivisionError(f"no {type(old).__name__}")


@pytest.mark.parametrize("upcast", [failing, failing_or_dropping])
def test_an_upcast_that_raises_says_where_and_which_and_keeps_the_cause(upcast: Upcast) -> None:
    with pytest.raises(UpcastFailed, match="raised ZeroDivisionError: no Old") as caught:
        today(Old(), Codec(Registry("s", Several, upcasts=[upcast])))
    error = caught.value
    assert (error.stream, error.version, error.type, error.schema_version) == ("shop-1", 7, "Several", 1)
    assert error.function == f"tests.messages.test_upcasting.{upcast.__qualname__}"
    assert error.function in str(error)
    assert isinstance(error.__cause__, ZeroDivisionError)


class Mystery(Event):
    pass


@pytest.mark.parametrize(
    ("returns", "answer"),
    [
        (Several, None),
        (Several, Mystery()),
        (Several, (Several(),)),
        (Several, Several),
        (Several | None, Mystery()),
        (Several | None, ()),
        (tuple[Several, Mystery], (Mystery(), Several())),
        (tuple[Several, Mystery], (Several(),)),
        (tuple[Several, Mystery], [Several(), Mystery()]),
        (tuple[Several, Mystery], Several()),
        (tuple[Several, ...], (Several(), Mystery())),
        (tuple[Several, ...], None),
        (None, Several()),
        (None, ()),
    ],
)
@pytest.mark.parametrize("within", [False, True])
def test_a_result_that_is_not_declared_is_refused_alone_or_within_a_chain(
    returns: object, answer: object, within: bool
) -> None:
    upcast = made("upcast", returns, takes=Old, answer=answer)
    before = made("before", Old, takes=Cashed, answer=Old())
    after = made("after", None, takes=Mystery)
    codec = Codec(Registry("s", Several, upcasts=[upcast, before, after] if within else [upcast, after]))
    with pytest.raises(UpcastFailed, match=r"upcast returned .*declared to return") as caught:
        today(Cashed(cents=1) if within else Old(), codec)
    assert caught.value.__cause__ is None


class Priced(Event, name="Several", version=2):
    cents: int
    at: tuple[Decimal, ...] = ()


class Named(Event, name="Several", version=3):
    cents: int
    name: str = ""


NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)


class Weighed(Event, name="Several", version=2):
    grams: float | None = None
    price: Decimal | None = None
    at: datetime | None = None


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Priced(cents=cast("int", "12")), "Expected `int`, got `str` - at `$.cents`"),
        (Priced(cents=cast("int", None)), "Expected `int`, got `null` - at `$.cents`"),
        (Priced(cents=1, at=(Decimal(1), cast("Decimal", 0.1))), "field 'at[1]': 0.1 would read back as Decimal"),
    ],
)
@pytest.mark.parametrize("returns", [Priced, Priced | None])
def test_a_result_whose_fields_are_of_other_types_is_told_with_its_upcast_and_field(
    returns: object, answer: Priced, said: str
) -> None:
    upcast, before = made("upcast", returns, takes=Old, answer=answer), made("before", Old, takes=Cashed, answer=Old())
    with pytest.raises(UpcastFailed) as caught:
        today(Cashed(cents=1), Codec(Registry("s", Priced, upcasts=[upcast, before])))
    assert "upcast returned a Priced that could not be stored: " in str(caught.value)
    assert said in str(caught.value)
    assert (caught.value.stream, caught.value.version) == ("shop-1", 7)
    assert isinstance(caught.value.__cause__, InvalidPayload)


def test_a_result_is_read_in_the_types_that_its_fields_declare() -> None:
    upcast = made("upcast", Priced, takes=Old, answer=Priced(cents=1, at=(cast("Decimal", "1.50"),)))
    (read,) = today(Old(), Codec(Registry("s", Priced, upcasts=[upcast])))
    assert read == Priced(cents=1, at=(Decimal("1.50"),))


@pytest.mark.parametrize(
    ("sound", "wrong", "said"),
    [
        (Weighed(grams=1.0), Weighed(grams=math.nan), "field 'grams': nan is no JSON number"),
        (Weighed(price=Decimal(1)), Weighed(price=Decimal("NaN")), r"field 'price': Decimal\('NaN'\) is no number"),
        (Weighed(at=NOON), Weighed(at=NOON.replace(tzinfo=None)), "field 'at': the time has no zone"),
    ],
)
def test_a_result_that_could_not_be_stored_is_told_after_others_of_its_types(
    sound: Weighed, wrong: Weighed, said: str
) -> None:
    answers = [sound]

    def upcast(old: Old) -> Weighed:  # noqa: ARG001 - names what it takes
        return answers[-1]

    codec = Codec(Registry("s", Weighed, upcasts=[upcast]))
    assert [today(Old(), codec), today(Old(), codec)] == [(sound,), (sound,)]
    answers.append(wrong)
    with pytest.raises(UpcastFailed, match=said):
        today(Old(), codec)


def test_the_upcast_that_was_first_to_return_another_type_is_named() -> None:
    def named(old: Priced) -> Named:
        return Named(cents=old.cents)

    wrong = made("wrong", Priced, takes=Old, answer=Priced(cents=cast("int", "12")))
    with pytest.raises(UpcastFailed, match=r"wrong returned a Priced that could not be stored.*\$\.cents"):
        today(Old(), Codec(Registry("s", Named, upcasts=[wrong, named])))


def test_a_damaged_or_an_unknown_event_reaches_no_upcast() -> None:
    ran: list[object] = []

    def upcast(old: PaidV1) -> PaidV2:
        ran.append(old)
        return PaidV2(amount=old.amount, note="", currency="")

    codec = Codec(Registry("shop", PaidV2, upcasts=[upcast]))
    cases = {("Paid", 1): DamagedPayload, ("Paid", 3): UnknownSchemaVersion, ("Pay", 1): UnknownEventType}
    for (type, schema_version), error in cases.items():
        with pytest.raises(error):
            codec.read(b'{"amount":1.x}', stream="s", version=1, type=type, schema_version=schema_version)
    assert ran == []


class Reversed:
    def dump(self, data: bytes, *, type: str, schema_version: int, metadata: Metadata) -> bytes:
        return b'"%s"' % data[::-1].hex().encode()

    def load(self, data: bytes, *, type: str, schema_version: int) -> bytes:
        return bytes.fromhex(data.strip(b'"').decode())[::-1]


def test_upcasts_come_after_the_transform() -> None:
    codec = Codec(Registry("shop", PaidV3, upcasts=PAID), Reversed())
    assert today(PaidV1(amount=Decimal(1), note=""), codec) == (PaidV3(value=Decimal(1), currency="USD"),)


# ---- findings -------------------------------------------------------------------------------------------------------


class V1(Event, name="E"):
    pass


class V2(Event, name="E", version=2):
    pass


class V4(Event, name="E", version=4):
    pass


async def waits(_old: V1) -> V2:
    return V2()


def yields(_old: V1) -> Iterator[V2]:
    yield V2()


def takes_more(_old: V1, _more: V1) -> V2:
    return V2()


def takes_nothing() -> V2:
    return V2()


EMPTY = inspect.Parameter.empty
up, up_too = made("up", V2, takes=V1), made("up_too", V2, takes=V1)
to_older = made("to_older", V1, takes=V2)
there = made("there", CardUsed, takes=Cashed)
and_on = made("and_on", tuple[Deposited, ...], takes=CardUsed)
and_back = made("and_back", Cashed | None, takes=Deposited)


@pytest.mark.parametrize(
    ("upcasts", "words"),
    [
        ([waits], ["waits is async"]),
        ([yields], ["yields yields", "tuple"]),
        ([made("bare", V2, takes=EMPTY)], ["upcast: annotate the parameter 'old'"]),
        ([made("silent", EMPTY, takes=V1)], ["silent: annotate what it returns"]),
        ([made("checked", "OnlyForCheckers", takes=V1)], ["OnlyForCheckers", "TYPE_CHECKING"]),
        ([takes_more], ["takes_more has 2 parameters"]),
        ([takes_nothing], ["takes_nothing has 0 parameters"]),
        ([made("to_list", list[V2], takes=V1)], ["to_list, what it returns", "tuple[A, ...]"]),
        ([made("to_tuple", tuple, takes=V1)], ["to_tuple, what it returns"]),
        ([made("to_anything", object, takes=V1)], ["object", "derive it from Event"]),
        ([made("to_text", str, takes=V1)], ["str", "derive it from Event"]),
        ([made("of_text", V2, takes=str)], ["event str", "derive it from Event"]),
        ([V2], ["is no function"]),
        ([made("to_itself", V1, takes=V1)], ["to_itself takes V1 and returns it again"]),
        (
            [made("to_stranger", Mystery, takes=V1)],
            ["to_stranger returns Mystery, which is neither registered nor upcast"],
        ),
        ([up, up_too], ["up and ", "up_too both upcast V1"]),
        ([made("leap", V4, takes=V1)], ["event 'E' is registered as v1, v2, v4, and v3 is missing"]),
        ([there, and_on, and_back], ["circle: ", "Cashed -> CardUsed", "Deposited -> Cashed"]),
    ],
)
def test_a_wrong_upcast_is_a_finding_that_says_which_and_why(upcasts: list[Upcast], words: list[str]) -> None:
    leaps = "leap" in upcasts[0].__qualname__
    with pytest.raises(DefinitionError) as caught:
        Registry("r", V2, *([V4] if leaps else []), upcasts=upcasts)
    (finding,) = caught.value.findings
    assert finding.startswith("registry 'r': ")
    assert [word for word in words if word not in finding] == []


def test_an_upcast_to_a_lower_version_is_a_finding() -> None:
    with pytest.raises(DefinitionError, match=r"to_older goes from V2 .*down to v1"):
        Registry("r", V1, upcasts=[to_older])


def test_every_finding_about_upcasts_is_told_at_once() -> None:
    with pytest.raises(DefinitionError) as caught:
        Registry("r", V4, Mystery, upcasts=[waits, yields, to_older, up, up_too, there], aliases={"": V4})
    text = "\n".join(caught.value.findings)
    for word in (
        "waits",
        "yields",
        "to_older",
        "both upcast V1",
        "circle",
        "CardUsed, which is neither",
        "v3",
        "alias",
    ):
        assert word in text


def test_a_version_between_others_is_missing_without_any_upcast_too() -> None:
    with pytest.raises(DefinitionError, match="v2, v3 is missing"):
        Registry("r", V1, V4)


def test_old_versions_given_as_events_may_have_an_upcast_or_none() -> None:
    assert Registry("r", V1, V2, upcasts=[up]).chains.current(V1) == (V2,)
    assert Registry("r", V1, V2).chains.current(V1) == (V1,)


def test_classes_and_upcasts_that_are_local_to_a_function_are_understood() -> None:
    class Here(Event):
        pass

    class Now(Event):
        pass

    def local(_old: Here) -> Now:
        return Now()

    assert today(Here(), Codec(Registry("r", Now, upcasts=[local]))) == (Now(),)
