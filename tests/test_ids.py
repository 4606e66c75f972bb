"""Identifiers."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from leftfold.ids import new_id, uuid_of

_MANY = 2_000


def test_an_id_is_a_uuid_of_version_7_that_tells_its_millisecond() -> None:
    before = time.time_ns() // 1_000_000
    made = new_id()
    after = time.time_ns() // 1_000_000
    assert type(made) is UUID
    assert made.version == 7
    assert made.variant == "specified in RFC 4122"
    assert before <= made.int >> 80 <= after


def test_ids_made_one_after_another_sort_by_time_within_a_millisecond_too() -> None:
    ids: list[UUID] = []
    for _ in range(100):
        ids.append(new_id())
        start = time.time_ns()
        while time.time_ns() - start < 1_000:  # longer than the quarter of a microsecond that ids tell apart
            pass
    assert ids == sorted(ids)
    assert len({made.int >> 80 for made in ids}) < len(ids)


def test_ids_differ_in_their_random_part_whichever_thread_made_them() -> None:
    threads = 4
    start = Barrier(threads)

    def make() -> list[UUID]:
        start.wait()
        return [new_id() for _ in range(_MANY)]

    with ThreadPoolExecutor(threads) as pool:
        made = [future.result() for future in [pool.submit(make) for _ in range(threads)]]
    random = {one.int & (1 << 62) - 1 for ids in made for one in ids}
    assert len(random) == threads * _MANY


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system forks no processes")
def test_a_forked_process_shares_no_random_part_with_its_parent() -> None:
    new_id()
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writes, b"".join(new_id().bytes for _ in range(100)))
        os._exit(0)
    os.close(writes)
    with os.fdopen(reads, "rb") as pipe:
        content = pipe.read()
    os.waitpid(child, 0)
    theirs = {content[at + 8 : at + 16] for at in range(0, len(content), 16)}
    ours = {new_id().bytes[8:] for _ in range(100)}
    assert len(theirs) == 100
    assert not theirs & ours


def test_sixteen_bytes_become_the_uuid_they_came_from() -> None:
    made = new_id()
    again = uuid_of(made.bytes)
    assert again == made
    assert hash(again) == hash(made)
    assert (str(again), again.is_safe) == (str(UUID(bytes=made.bytes)), UUID(bytes=made.bytes).is_safe)
