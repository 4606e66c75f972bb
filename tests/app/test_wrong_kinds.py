"""What is declared or composed with a thing of another kind is told so where it is declared, by a typed error."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, TypeAlias

import pytest

from leftfold import IGNORE, Aggregate, App, Attempt, Command, Context, Event, Ignored, Next, Saga, applies, step
from leftfold.adapters.postgres import PostgresLocation
from leftfold.adapters.sqlite import SqliteLocation
from leftfold.app import open_schema, open_store
from leftfold.errors import DefinitionError, InvalidStoreUrl
from leftfold.handling import Snapshots
from leftfold.store import MemoryStore

STRANGE: Final[tuple[Any, ...]] = (3, 3.5, b"x", object(), [3], {3: "x"}, int)
"""What no argument below takes."""


Given: TypeAlias = dict[str, Any]
"""Arguments, by their names."""


class Moved(Event, name="kinds.moved"):
    to: str


class Move(Command):
    id: str


class Box(Aggregate[Moved], category="box"):
    @applies
    def _moved(self, event: Moved) -> None: ...


def app(given: Given) -> object:
    words: Given = {"store": "memory:", **given}
    return App(Context("kinds"), **words)


def context(given: Given) -> object:
    words: Given = {"name": "kinds", **given}
    return Context(**words)


def decision(given: Given) -> object:
    def move(command: Move, box: Box) -> None: ...

    words: Given = {"id": "id", **given}
    subject: type[Box] = words.pop("subject", Box)
    return Context("kinds").decides(subject, **words)(move)


def projection(given: Given) -> object:
    def places(row: Moved | None, event: Moved) -> Moved:
        return event if row is None else row

    words: Given = {"key": "to", **given}
    return Context("kinds").projection(**words)(places)


def reaction(given: Given) -> object:
    async def note(event: Moved) -> None: ...

    return Context("kinds").on(**given)(note)


def command_reaction(given: Given) -> object:
    def follow(event: Moved) -> Move:
        return Move(id=event.to)

    return Context("kinds").reacts(**given)(follow)


def process(given: Given) -> object:
    def watch(state: Moved | None, event: Moved) -> Next[Moved] | Ignored:
        return IGNORE if state is None else Next(event)

    words: Given = {"key": "to", **given}
    return Context("kinds").process(**words)(watch)


def saga_class(given: Given) -> object:
    cls: type[Saga] = given["cls"]
    return Context("kinds").saga(cls)


def saga_step(given: Given) -> object:
    words: Given = {"undoable": False, **given}

    class Carry(Saga):
        @step(**words)
        async def carry(self, attempt: Attempt) -> None: ...

    return Carry


def saga(given: Given) -> object:
    class Carry(Saga, **given):
        @step(undoable=False)
        async def carry(self, attempt: Attempt) -> None: ...

    return Carry


def event(given: Given) -> object:
    class Happened(Event, **given): ...

    return Happened


def aggregate(given: Given) -> object:
    class Crate(Aggregate[Moved], **given): ...

    return Crate


def snapshots(given: Given) -> object:
    return Snapshots(**given)


def memory(given: Given) -> object:
    return MemoryStore(**given)


WORDS: Final[Mapping[Callable[[Given], object], tuple[str, ...]]] = {
    app: (
        *("store", "provide", "middleware", "inline", "workers", "clock"),
        *("transform", "upcasts", "snapshots", "telemetry", "context_map"),
    ),
    context: (
        *("name", "team", "purpose", "subdomain", "glossary"),
        *("package", "published", "external", "mud", "language"),
    ),
    decision: ("subject", "id", "exists"),
    projection: ("key", "name", "index", "search", "policy"),
    reaction: ("name", "policy"),
    command_reaction: ("name", "within"),
    process: ("key", "name", "missing", "abandoned", "retry"),
    saga_class: ("cls",),
    saga_step: ("retry", "timeout", "refused", "pivot", "undoable", "was"),
    saga: ("name", "deadline"),
    event: ("name",),
    aggregate: ("category",),
    snapshots: ("with_append",),
    memory: ("clock",),
}


@pytest.mark.parametrize(
    ("declare", "word"),
    [pytest.param(one, word, id=f"{one.__name__}-{word}") for one, words in WORDS.items() for word in words],
)
def test_a_thing_of_another_kind_is_told_by_the_word_it_was_given_for(
    declare: Callable[[Given], object], word: str
) -> None:
    for strange in STRANGE:
        if (word, strange) != ("provide", STRANGE[5]):
            with pytest.raises(DefinitionError):
                declare({word: strange})


@pytest.mark.parametrize(("declare", "word"), [(saga, "version"), (event, "version"), (snapshots, "cached")])
@pytest.mark.parametrize("strange", ["x", 3.5, True, -1, None, [3]])
def test_what_is_no_whole_number_is_no_version(declare: Callable[[Given], object], word: str, strange: object) -> None:
    with pytest.raises(DefinitionError):
        declare({word: strange})


@pytest.mark.parametrize("empty", ["", 0, (), []])
@pytest.mark.parametrize("word", ["provide", "clock"])
def test_what_is_empty_does_not_count_as_left_out(word: str, empty: object) -> None:
    with pytest.raises(DefinitionError, match=f"{word}="):
        app({word: empty})


async def test_a_store_url_is_a_text() -> None:
    for strange in STRANGE:
        for opening in (open_schema, SqliteLocation.parse, PostgresLocation.parse):
            with pytest.raises(InvalidStoreUrl, match="a store URL is a text"):
                opening(strange)
        with pytest.raises(InvalidStoreUrl, match="a store URL is a text"):
            await open_store(strange)


async def test_a_store_url_of_no_known_form_is_told_without_its_password() -> None:
    url, without = "postgresql+asyncpg://me:secret@here/there", r"postgresql\+asyncpg://me:\*\*\*@here/there"
    with pytest.raises(InvalidStoreUrl, match=without):
        open_schema(url)
    with pytest.raises(InvalidStoreUrl, match=without):
        await open_store(url)


@pytest.mark.parametrize("url", ["memory", "memory:?durability=full", "memory://", "memory:///bank.db"])
async def test_a_store_in_memory_has_no_place_and_no_options(url: str) -> None:
    with pytest.raises(InvalidStoreUrl, match="memory: in tests"):
        await open_store(url)
