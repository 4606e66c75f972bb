"""Functions that let an aggregate decide a command, in the words of its events."""

from __future__ import annotations

from typing import Any, cast

import pytest

from leftfold import (
    Aggregate,
    AlreadyExists,
    App,
    Command,
    Context,
    Decider,
    DomainError,
    Event,
    NotFound,
    Repository,
    applies,
)
from leftfold.errors import DefinitionError, InvalidInput
from leftfold.testing import fold, given

library = Context("library")


class Lent(Event):
    book: str
    reader: str


class LentTo(Event):
    reader: str


class AlreadyLent(DomainError):
    reader: str


class Book(Aggregate[Lent]):
    reader: str = ""

    async def lend_later(self) -> None:
        self.record(Lent(book=self.id, reader="nobody"))

    @applies
    def _lent(self, event: Lent) -> None:
        self.reader = event.reader


class Lend(Command[str]):
    book: str
    reader: str


class Register(Command):
    book: str
    reader: str


class Extend(Command):
    book: str
    reader: str


class LendAll(Command):
    books: tuple[str, ...]
    reader: str


@library.decides(Book, id="book")
def lend(command: Lend, book: Book) -> str:
    if book.reader:
        raise AlreadyLent(reader=book.reader)
    book.record(Lent(book=book.id, reader=command.reader))
    return f"{book.id} is lent to {command.reader}"


@library.decides(Book, id="book", exists=False)
def register(command: Register, book: Book) -> None:
    book.record(Lent(book=book.id, reader=command.reader))


@library.decides(Book, id="book", exists=True)
def extend(command: Extend, book: Book) -> None:
    book.record(Lent(book=book.id, reader=command.reader))


@library.command
async def lend_all(command: LendAll, books: Repository[Book]) -> None:
    for id in command.books:
        book = await books.find(id) or books.new(id)
        lend(Lend(book=id, reader=command.reader), book)


DUNE = Lend(book="dune", reader="ben")
TO_ANN = Lent(book="dune", reader="ann")
TO_BEN = Lent(book="dune", reader="ben")


def test_a_function_that_decides_a_command_is_tested_by_its_events_result_and_refusals() -> None:
    given(lend, id="dune").when(DUNE).then(TO_BEN).result("dune is lent to ben")
    given(lend, TO_ANN).when(DUNE).raises(AlreadyLent, reader="ann")
    given(lend).when(DUNE).then(TO_BEN).result("dune is lent to ben")
    given(lend, id="emma").when(DUNE).then(Lent(book="emma", reader="ben"))


def test_a_function_that_no_context_was_given_decides_for_an_aggregate_of_any_id() -> None:
    def take(command: Lend, book: Book) -> None:
        book.record(Lent(book=book.id, reader=command.reader))

    given(take).when(DUNE).then(Lent(book="test", reader="ben"))


@pytest.mark.parametrize("wrong", [Lend, TO_BEN, Register(book="dune", reader="ben"), None])
def test_a_command_that_the_function_does_not_take_is_told(wrong: object) -> None:
    with pytest.raises(InvalidInput, match=r"lend decides Lend, and .* is none"):
        given(lend, TO_ANN).when(cast("Lend", wrong))


def test_what_has_to_be_there_or_must_not_is_refused_in_a_test_as_an_app_refuses_it() -> None:
    new, longer = Register(book="dune", reader="ben"), Extend(book="dune", reader="ben")
    given(register, id="dune").when(new).then(TO_BEN)
    given(register, TO_ANN, id="dune").when(new).raises(AlreadyExists, stream="book-dune", version=1)
    given(extend, TO_ANN, id="dune").when(longer).then(TO_BEN)
    given(extend).when(longer).raises(NotFound, stream="book-dune")
    with pytest.raises(AssertionError, match="it was refused: stream 'book-dune' has no events"):
        given(extend, id="dune").when(longer).then(TO_BEN)


def test_a_command_that_no_app_would_take_is_refused_in_a_test() -> None:
    def decide(command: Extend, _readers: int) -> list[Lent]:
        return [Lent(book=command.book, reader="ben")]

    def evolve(readers: int, _event: Lent) -> int:
        return readers + 1

    strange: Any = 5
    said = r"field 'reader': Expected `str`, got `int`"
    with pytest.raises(InvalidInput, match=said):
        given(extend, id="dune").when(Extend(book="dune", reader=strange))
    with pytest.raises(InvalidInput, match=said):
        given(Decider(decide, evolve, 0, category="shelf")).when(Extend(book="dune", reader=strange))


def test_a_refusal_that_is_given_as_an_error_is_told_to_be_given_as_its_class() -> None:
    refused = given(lend, TO_ANN).when(DUNE)
    with pytest.raises(InvalidInput, match=r"give the class and its fields: raises\(AlreadyLent, \.\.\.\)"):
        refused.raises(AlreadyLent(reader="ann"))  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]


def test_a_function_that_decides_a_command_has_a_history_of_old_versions_by_upcasts() -> None:
    def book_was_not_said(old: LentTo) -> Lent:
        return Lent(book="dune", reader=old.reader)

    given(lend, LentTo(reader="ann"), upcasts=[book_was_not_said]).when(DUNE).raises(AlreadyLent, reader="ann")
    with pytest.raises(DefinitionError, match="LentTo"):
        given(lend, LentTo(reader="ann"))


def test_a_decision_that_is_folded_like_a_projection_is_told_how_it_is_tested() -> None:
    with pytest.raises(InvalidInput, match=r"lend decides for Book; write given\(lend, \*events\)\.when\(command\)"):
        fold(lend)(TO_ANN)


def test_what_has_to_be_awaited_is_refused_for_it_would_have_recorded_nothing() -> None:
    with pytest.raises(InvalidInput, match=r"lend_all has to be awaited, and .* open App"):
        given(lend_all)  # type: ignore[type-var]  # pyright: ignore[reportArgumentType, reportCallIssue]
    with pytest.raises(InvalidInput, match="lend_later has to be awaited"):
        given(Book).when(Book.lend_later)


async def test_what_has_to_be_awaited_is_tested_through_an_app() -> None:
    async with App(library, store="memory:") as app:
        await app.send(LendAll(books=("dune", "emma"), reader="ben"))
        recorded = [one.event for one in (await app.events.read_log()).events]
        assert recorded == [TO_BEN, Lent(book="emma", reader="ben")]
        with pytest.raises(AlreadyLent):
            await app.send(LendAll(books=("ilias", "dune"), reader="ann"))
        assert len((await app.events.read_log()).events) == 2
