"""What is said of one is said of one."""

from __future__ import annotations

from pathlib import Path

from tests.cli.command import Leftfold, event, record


def test_one_event_and_one_stream_are_no_more(leftfold: Leftfold, sqlite: str, tmp_path: Path) -> None:
    leftfold("migrate", "--store", sqlite)
    record(sqlite, ("bell-1", [event()]))
    file, copy = tmp_path / "log.jsonl", f"sqlite:///{tmp_path}/copy.db"
    assert leftfold("streams", "--store", sqlite).out.splitlines()[-1] == "1 of 1 stream"
    assert leftfold("export", str(file), "--store", sqlite).err.splitlines()[-1] == "exported 1 event"
    for told in ("imported 1 event; 0 were here already", "imported 0 events; 1 was here already"):
        assert leftfold("import", str(file), "--store", copy).err.splitlines()[0] == told
    record(sqlite, ("bell-1", [event()]))
    leftfold("export", str(file), "--store", sqlite)
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:2]))
    assert "the header promises 2 events; 1 line follows it" in leftfold("import", str(file), "--store", copy).err
