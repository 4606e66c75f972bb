"""Rules of the state machine about snapshots."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import rule
from msgspec.structs import replace

from leftfold.store.snapshots import Snapshot, SnapshotKey
from leftfold.testing.conformance.machine_ground import STREAMS, MachineGround

__all__ = ["SnapshotRules"]

_FINGERPRINTS = st.sampled_from(["one", "two"])
_KEYS = st.builds(SnapshotKey, STREAMS, _FINGERPRINTS, st.integers(1, 5))
_SNAPSHOTS = st.builds(Snapshot, _KEYS, st.sampled_from([b"{}", b"1e2", b' {"b":1,"a":2}']), st.just("0"))


class SnapshotRules(MachineGround):
    """What a store and the reference keep of snapshots."""

    @rule(snapshot=_SNAPSHOTS)
    def save_snapshot(self, snapshot: Snapshot) -> None:
        self.run(self.store.save_snapshot(replace(snapshot, key=self.key(snapshot.key))))
        self.run(self.reference.save_snapshot(snapshot))

    @rule(stream=STREAMS, fingerprint=_FINGERPRINTS, upto=st.one_of(st.none(), st.integers(0, 6)))
    def load_snapshot(self, stream: str, fingerprint: str, upto: int | None) -> None:
        ours = self.run(self.store.load_snapshot(self.prefix + stream, fingerprint, upto=upto))
        theirs = self.run(self.reference.load_snapshot(stream, fingerprint, upto=upto))
        assert ours == (theirs and replace(theirs, key=self.key(theirs.key)))

    @rule(after=st.one_of(st.just(SnapshotKey("", "", 0)), _KEYS), limit=st.integers(1, 4))
    def read_snapshots(self, after: SnapshotKey, limit: int) -> None:
        page = self.run(self.store.read_snapshots(after=self.key(after), limit=limit))
        theirs = self.run(self.reference.read_snapshots(after=after, limit=limit))
        ours = [snapshot for snapshot in page if snapshot.key.stream.startswith(self.prefix)]
        assert ours == [replace(snapshot, key=self.key(snapshot.key)) for snapshot in theirs]

    @rule(keys=st.lists(_KEYS, max_size=6))
    def drop_snapshots(self, keys: list[SnapshotKey]) -> None:
        ours = self.run(self.store.drop_snapshots([self.key(key) for key in keys]))
        assert ours == self.run(self.reference.drop_snapshots(keys))

    def key(self, key: SnapshotKey) -> SnapshotKey:
        return replace(key, stream=self.prefix + key.stream)
