"""An error that one process raises is the same error in the one that it is told to."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from uuid import UUID

import pytest

from leftfold.errors import (
    AccessDenied,
    AppendRefused,
    CommandIdReused,
    ConditionFailed,
    Conflict,
    DefinitionError,
    IdReused,
    InvalidPayload,
    InvalidTag,
    LeftfoldError,
    NotAnswered,
    NotFound,
    OutcomeUnknown,
    SchemaMismatch,
    StoreBusy,
    TooLarge,
    UnknownEventType,
)

_ID = UUID(int=7)
_ERRORS: list[LeftfoldError] = [
    AccessDenied("the file", "let it be read", "42501"),
    AppendRefused("a rule of the database", "23514"),
    CommandIdReused("c-1", "Open"),
    ConditionFailed(3),
    Conflict("account-1", 1, 2),
    DefinitionError("this", "and that"),
    IdReused(_ID, "account-1", 1),
    InvalidPayload("event 'Opened'", "is no JSON"),
    InvalidTag("", "is empty"),
    NotAnswered("query 'Balance'", 2),
    NotFound("account-1"),
    OutcomeUnknown([_ID], "connection lost"),
    SchemaMismatch(1, 2, "migrate"),
    StoreBusy("held"),
    TooLarge("size", 2, 1, "MAX_EVENT_BYTES"),
    UnknownEventType("account-1", 1, "Opened", 1, "no class"),
]


@pytest.mark.parametrize("error", _ERRORS, ids=lambda error: type(error).__name__)
def test_it_is_copied_and_pickled_with_all_that_it_says(error: LeftfoldError) -> None:
    error.add_note("while opening")
    for twin in (copy.copy(error), pickle.loads(pickle.dumps(error))):
        assert type(twin) is type(error)
        assert (str(twin), twin.args, vars(twin)) == (str(error), error.args, vars(error))


def test_it_comes_out_of_a_pool_of_processes_as_it_was_raised() -> None:
    with ProcessPoolExecutor(1, get_context("spawn")) as pool, pytest.raises(Conflict) as told:
        pool.submit(_meet).result()
    assert (told.value.stream, told.value.expected, told.value.actual) == ("account-1", 1, 2)


def _meet() -> None:
    raise Conflict("account-1", 1, 2)
