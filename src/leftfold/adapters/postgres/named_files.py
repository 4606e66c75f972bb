"""Files that a URL names: with services, which fill in what it leaves out, with certificates and with keys."""

from __future__ import annotations

import os
from configparser import ConfigParser, Error
from pathlib import Path

from leftfold.adapters.postgres.location import PostgresLocation
from leftfold.errors import InvalidStoreUrl

__all__ = ["named", "service_of"]


def service_of(location: PostgresLocation) -> str | None:
    """The service that the URL or the environment names, None when there is none.

    Raises:
        InvalidStoreUrl: it is not there. The driver would go to a server on this machine instead.
    """
    name = location.service or os.environ.get("PGSERVICE")
    if not name:
        return None
    path = location.servicefile or os.environ.get("PGSERVICEFILE") or "~/.pg_service.conf"
    services = ConfigParser()
    try:
        services.read(path if path != "~/.pg_service.conf" else Path(path).expanduser())
    except (Error, UnicodeError, RuntimeError) as error:
        raise InvalidStoreUrl(location.shown, f"the services in {path} cannot be read: {error}") from error
    if not services.has_section(name):
        advice = "write it there, or name its file by servicefile= or PGSERVICEFILE"
        raise InvalidStoreUrl(location.shown, f"there is no service {name!r} in {path}; {advice}")
    return name


def named(error: FileNotFoundError, location: PostgresLocation) -> FileNotFoundError:
    """*error* with the file that is not there, which the driver does not say of a certificate or key."""
    missing = next((name for name in location.files if not Path(name).exists()), error.filename)
    return FileNotFoundError(error.errno, error.strerror, missing)
