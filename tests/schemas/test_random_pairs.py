"""Random pairs of schemas: a break is shown to a real validator, and everything called compatible is attacked."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leftfold.schemas import Breaking, problems, read_schema, reader_form, writer_form
from leftfold.schemas.accepting import accepts
from leftfold.schemas.document import Document
from tests.schemas.judging import Judge
from tests.schemas.making import Maker
from tests.schemas.writing import Writer

UNDECIDED = 0.03
TRIES = 12


def pair(maker: Maker) -> tuple[Document, Document]:
    """A writer and a reader: mostly two versions of one schema, closed and open; now and then as they are."""
    old = maker.document()
    new = maker.changed_document(old) if maker.perhaps(85) else maker.document()
    if maker.perhaps(25):
        return old, new
    return writer_form(old), reader_form(new)


def attack(maker: Maker, *, tries: int) -> str:
    """Compare a pair and hold the answer against what the validator says of documents."""
    writer, reader = pair(maker)
    found = problems(read_schema(writer), read_schema(reader))
    writes, reads = Judge(writer), Judge(reader)
    breaks = [problem for problem in found if isinstance(problem, Breaking)]
    for problem in breaks:
        assert writes.accepts(problem.witness), (problem, writer, reader)
        assert not reads.accepts(problem.witness), (problem, writer, reader)
    author = Writer(maker, writer)
    for _ in range(0 if found else tries):
        document = author.document()
        assert reads.accepts(document) or not writes.accepts(document), (document, writer, reader)
    return "breaking" if breaks else "unknown" if found else "compatible"


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.randoms(use_true_random=False))
def test_what_is_compatible_stands_attacks_and_what_breaks_is_shown(random: Random) -> None:
    attack(Maker(random), tries=TRIES)


@pytest.mark.parametrize("first", range(0, 3000, 1000))
def test_the_same_of_thousands_of_pairs_and_few_are_left_undecided(first: int) -> None:
    answers = Counter(attack(Maker(Random(seed)), tries=TRIES) for seed in range(first, first + 1000))
    assert answers["unknown"] < UNDECIDED * answers.total()
    assert min(answers["breaking"], answers["compatible"]) > 0.2 * answers.total()


@pytest.mark.long
@pytest.mark.parametrize("first", range(100_000, 300_000, 20_000))
def test_the_same_of_hundreds_of_thousands_of_pairs(first: int) -> None:
    for seed in range(first, first + 20_000):
        attack(Maker(Random(seed)), tries=30)


@pytest.mark.parametrize("first", range(0, 1000, 500))
def test_what_the_engine_says_of_a_document_a_validator_says_too(first: int) -> None:
    told: Counter[bool | None] = Counter()
    for seed in range(first, first + 500):
        maker = Maker(Random(seed))
        schema = maker.document()
        other = maker.changed_document(schema)
        node, judge = read_schema(schema).root, Judge(schema)
        for author in (Writer(maker, schema), Writer(maker, other)):
            for _ in range(4):
                document = author.document()
                answer = accepts(node, document)
                assert answer in {None, judge.accepts(document)}, (document, schema)
                told[answer] += 1
    assert told[None] < 0.02 * told.total()
    assert min(told[True], told[False]) > 0.1 * told.total()
