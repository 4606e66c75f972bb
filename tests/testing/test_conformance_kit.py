"""The conformance kit can fail: a store that does nothing keeps no law, and no law is passed over."""

from __future__ import annotations

import pytest

from leftfold.testing.conformance import StoreConformance

pytest_plugins = ["pytester"]

_NOOP = """
from datetime import UTC, datetime

import pytest

from leftfold.store import Appended, Page
from leftfold.testing.conformance import StoreConformance


class Noop:
    async def append(self, *parts, condition=None):
        versions = {part.stream: len(part.events) for part in parts}
        return Appended(position=0, versions=versions, recorded_at=datetime.now(UTC))

    async def read_stream(self, stream, **range):
        return []

    async def read_facts(self, stream, **range):
        return []

    async def read_log(self, *, after=0, **filter):
        return Page([], after)

    async def head(self):
        return 0

    async def wake(self, after, timeout):
        return after

    async def position_at(self, recorded):
        return 0

    async def version_at(self, stream, position):
        return 0

    async def streams(self, **filter):
        return []

    async def load_snapshot(self, stream, fingerprint, *, upto=None):
        return None

    async def save_snapshot(self, snapshot):
        pass

    async def read_snapshots(self, **range):
        return []

    async def drop_snapshots(self, keys):
        return 0

    async def prepare(self, table, generation=1):
        pass

    async def discard(self, table, generation):
        pass

    async def remove(self, table):
        return 0

    async def generation(self, table):
        return 0

    async def get(self, table, keys, *, generation=None):
        return {}

    async def select(self, table, selection, *, generation=None):
        return []

    async def scan(self, table, **range):
        return []

    async def search(self, table, text, selection, *, generation=None):
        return []

    async def transact(self, transaction):
        return await self.append(*transaction.parts) if transaction.parts else None

    async def claim(self, name, owner, lease_s):
        return None

    async def renew(self, name, token, lease_s):
        return False

    async def release(self, name, token, note=None):
        pass

    async def checkpoints(self, prefix=""):
        return []

    async def forget(self, name):
        pass

    async def reached(self, name, position, timeout):
        return 0

    async def claim_due(self, queues, owner, lease_s, limit=32):
        return []

    async def extend(self, held, owner, lease_s):
        return []

    async def work(self, ids):
        return {}

    async def find_work(self, **range):
        return []

    async def count_work(self, queues=""):
        return {}

    async def await_work(self, queues, timeout):
        pass

    async def restore(self, events):
        return 0

    async def close(self):
        pass


class TestNoop(StoreConformance):
    @pytest.fixture
    def opener(self):
        async def open_one():
            return Noop()

        return open_one

    @pytest.fixture
    def later(self):
        async def move(seconds):
            pass

        return move
"""


def test_a_store_that_does_nothing_fails_every_law(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n")
    pytester.makepyfile(test_noop=_NOOP)
    outcomes = pytester.runpytest_subprocess("-p", "no:cacheprovider", "-q", "--tb=no").parseoutcomes()
    assert set(outcomes) <= {"failed", "warnings"}, "neither passed, nor skipped, nor in error before the law was tried"
    laws = [name for name in dir(StoreConformance) if name.startswith("test_")]
    assert outcomes["failed"] >= len(laws) > 30
