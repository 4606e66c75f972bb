"""Faults of what fits and of what was promised: verdicts, witnesses, versions in between, fields that are gone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from leftfold.integration import language_check, structured
from leftfold.schemas import comparing, compatibility, reading, versions
from tests.faults.changes import Fault, in_code

__all__ = ["FAULTS"]

_RECURSION: Final = "tests/schemas/test_recursion.py"
_PAIRS: Final = "tests/schemas/test_random_pairs.py"
_READING: Final = "tests/schemas/test_reading.py"
_VERSIONS: Final = "tests/schemas/test_compatibility.py"
_LOCKED: Final = "tests/integration/test_language_check.py"
_STRICT: Final = "tests/integration/test_reading_is_strict.py"

_MADE_UP: Final = (
    ("for name in _REQUIRED if", 'for name in _REQUIRED if name != "id" and'),
    ('texts["id"]', 'texts.get("id", "made up")'),
)


def _inside(module: object, name: str) -> type:
    """A class that a module keeps to itself."""
    found = getattr(module, name)
    assert isinstance(found, type)
    return found


def _unjudged() -> Callable[[], None]:
    """Witnesses are judged where they are found and where they are told."""
    found = in_code(
        _inside(comparing, "_Comparison"), "proof", ("accepts(reader, value) is False", "accepts(reader, value)")
    )
    told = in_code(comparing, "_told", ("accepts(reader.root, problem.witness) is False", "problem"))

    def plant() -> None:
        found()
        told()

    return plant


FAULTS: Final[dict[str, Fault]] = {
    "cycle taken to fit though it broke": Fault(
        in_code(comparing, "_fixpoint", ("if not wrong:", "if True:")), (_RECURSION,), "Compatible()"
    ),
    "witness not judged": Fault(_unjudged(), (_PAIRS,), "assert not True", "of_thousands"),
    "unknown keyword passed over": Fault(
        in_code(_inside(reading, "_Reading"), "_strange", ("if key not in _KNOWN", "if key in ()")),
        (_READING,),
        "Unknown(keyword=",
        "that_is_not_known",
    ),
    "last version alone compared": Fault(
        in_code(compatibility, "check", ("if mode.is_transitive else", "if not mode else")),
        (_VERSIONS,),
        "== {'1'}",
        "third_version",
    ),
    "name that is gone forgotten": Fault(
        in_code(versions, "tombstones", ("if path not in version.digests}", "if path in ()}")),
        (_VERSIONS,),
        "('/a', '1')",
        "removed_name",
    ),
    "version put before a locked one not compared": Fault(
        in_code(_inside(language_check, "_Language"), "_new", ("if old in new]", "if old in ()]")),
        (_LOCKED,),
        "(3, 2)",
        "put_before",
    ),
    "id of a CloudEvent made up": Fault(
        in_code(structured, "event_of", *_MADE_UP), (_STRICT,), "DID NOT RAISE", "never_made_up"
    ),
}
