"""Writes what `eventsourcing` has stored in an SQLite file as a log that `leftfold import` takes."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from uuid import UUID, uuid5

_STORED = "select originator_id, originator_version, topic, state from stored_events order by rowid"


def events(path: str) -> Iterator[dict[str, object]]:
    """The events in their order, each as a line of the log has it."""
    recorded = ""
    with closing(sqlite3.connect(path)) as connection:
        for position, (stream, version, topic, state) in enumerate(connection.execute(_STORED), start=1):
            payload = json.loads(state, object_hook=unwrapped)
            occurred = datetime.fromisoformat(payload.pop("timestamp")).isoformat(timespec="microseconds")
            payload.pop("originator_topic", None)
            recorded = max(recorded, occurred)  # it never runs backwards along a log
            aggregate, _, event = topic.partition(":")[2].partition(".")  # bank.model:Account.Opened
            yield {
                "position": position,
                "stream": f"{aggregate.lower()}-{UUID(stream)}",
                "version": version,
                "id": str(uuid5(UUID(stream), str(version))),  # the same whenever this is run
                "type": f"{aggregate}{event}",
                "schema_version": payload.pop("class_version", 1),
                "occurred_at": occurred,
                "recorded_at": recorded,
                "tags": [],
                "data": json.dumps(payload),
                "metadata": "{}",
            }


def unwrapped(value: dict[str, object]) -> object:
    """What a transcoding stands for: decimals, times and ids are text in the payload, as they are in Leftfold's."""
    return value["_data_"] if value.keys() == {"_type_", "_data_"} else value


def main(path: str) -> None:
    log = list(events(path))
    last = log[-1] if log else {"id": None, "recorded_at": None}
    header = {"format": "leftfold-log", "format_version": 1, "events": len(log)}
    print(json.dumps(header | {"last_id": last["id"], "last_recorded_at": last["recorded_at"]}))
    for event in log:
        print(json.dumps(event))


if __name__ == "__main__":
    main(sys.argv[1])
