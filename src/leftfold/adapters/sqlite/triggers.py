"""Connections that run no triggers: those guard the file against everybody else, and cost time for each event.

Python can say so to SQLite from 3.12 on. Before, SQLite is asked itself: it hands each connection that is opened to
whoever has put himself down for that, and takes the wish from him. Where it has no such door, as when it was built
without extensions, the triggers run, and nothing but time is lost.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Callable

__all__ = ["without_triggers"]

if sys.version_info >= (3, 12):

    def without_triggers(connect: Callable[[], sqlite3.Connection]) -> sqlite3.Connection:
        """The connection that *connect* opens; it runs no triggers."""
        connection = connect()
        connection.setconfig(sqlite3.SQLITE_DBCONFIG_ENABLE_TRIGGER, False)
        return connection

else:
    import threading
    from typing import Final

    _ENABLE_TRIGGER: Final = 1003  # SQLITE_DBCONFIG_ENABLE_TRIGGER

    def without_triggers(connect: Callable[[], sqlite3.Connection]) -> sqlite3.Connection:
        """The connection that *connect* opens; it runs no triggers where SQLite can be asked for that.

        Args:
            connect: called once, in this thread, while no other thread is in here.
        """
        return connect() if _sqlite is None else _sqlite.opened(connect)

    class _Sqlite:
        """The SQLite that Python uses."""

        def __init__(self) -> None:
            import _sqlite3  # for the name of its file: what it is linked with is looked up through that
            import ctypes  # not every Python has it

            entry = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
            library = ctypes.CDLL(_sqlite3.__file__)
            library.sqlite3_auto_extension.argtypes = [entry]
            library.sqlite3_cancel_auto_extension.argtypes = [entry]
            library.sqlite3_db_config.argtypes = [ctypes.c_void_p, ctypes.c_int]
            self._library = library
            self._off, self._nowhere = ctypes.c_int(0), ctypes.c_void_p()
            # Kept for good: another thread that opens a file may be about to call it whenever it is taken back.
            self._told = entry(self._tell)
            self._opener: int | None = None

        def opened(self, connect: Callable[[], sqlite3.Connection]) -> sqlite3.Connection:
            hook = sys.unraisablehook
            lost: list[BaseException] = []

            def hear(what: sys.UnraisableHookArgs) -> None:
                # A handler of a signal has raised in there, and SQLite cannot pass that on.
                if what.object == self._tell and what.exc_value and threading.get_ident() == self._opener:
                    lost.append(what.exc_value)
                else:
                    hook(what)

            try:
                self._opener, sys.unraisablehook = threading.get_ident(), hear
                self._library.sqlite3_auto_extension(self._told)
                return connect()
            finally:
                self._opener, sys.unraisablehook = None, hook
                self._library.sqlite3_cancel_auto_extension(self._told)
                if lost:
                    raise lost.pop()

        def _tell(self, connection: int, _message: int, _routines: int) -> int:
            if threading.get_ident() == self._opener:
                self._library.sqlite3_db_config(connection, _ENABLE_TRIGGER, self._off, self._nowhere)
            return 0

    def _found() -> _Sqlite | None:
        try:
            return _Sqlite()
        except (ImportError, AttributeError, OSError, MemoryError, RuntimeError):  # the last two: no code may be made
            return None

    _sqlite = _found()
