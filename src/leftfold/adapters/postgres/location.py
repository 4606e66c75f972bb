"""Where a PostgreSQL store is: its URL, and the files that it names, with services, certificates and keys."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from configparser import ConfigParser, Error
from pathlib import Path
from typing import Final, cast
from urllib.parse import SplitResult, parse_qsl, urlencode, urlsplit

from msgspec import Struct

from leftfold.errors import InvalidStoreUrl
from leftfold.store.urls import check_url, shown_url

__all__ = ["PostgresLocation", "named", "schema_flaw", "service_of"]

_SCHEMA = re.compile(r"(?!pg_)(?!.*_read$)[a-z][a-z0-9_]{0,39}")
_OURS = ("schema", "pool", "deadline_s")
_LIBPQ = frozenset(
    {
        "application_name",
        "connect_timeout",
        "database",
        "dbname",
        "gsslib",
        "host",
        "krbsrvname",
        "options",
        "passfile",
        "password",
        "port",
        "service",
        "servicefile",
        "ssl_max_protocol_version",
        "ssl_min_protocol_version",
        "sslcert",
        "sslcrl",
        "sslkey",
        "sslmode",
        "sslnegotiation",
        "sslpassword",
        "sslrootcert",
        "target_session_attrs",
        "user",
    }
)
_AS_ALWAYS: Final = {
    "channel_binding": ("disable", "prefer"),
    "client_encoding": ("utf8", "UTF8", "UTF-8", "auto"),
    "gssencmode": ("disable", "prefer"),
    "load_balance_hosts": ("disable",),
    "sslcompression": ("0",),
    "sslsni": ("1",),
}
"""Options of libpq, and with which values they say what the driver does anyway."""
_FILES: Final = ("sslcert", "sslkey", "sslrootcert", "sslcrl")
_SILENT: Final = "a connection that has fallen silent is noticed after ?deadline_s="
_WAYS_OUT: Final = {
    "channel_binding": "the driver binds no channel. Know the server by sslmode=verify-full instead",
    "client_encoding": "the driver speaks UTF8 alone",
    "gssencmode": "the driver encrypts by TLS alone, with sslmode=",
    "hostaddr": "write the address as the host",
    "keepalives": _SILENT,
    "keepalives_count": _SILENT,
    "keepalives_idle": _SILENT,
    "keepalives_interval": _SILENT,
    "require_auth": "say in pg_hba.conf how a role proves who it is",
    "tcp_user_timeout": _SILENT,
}
"""Options of libpq that the driver has not, and what to do instead of them."""
_UNREADABLE = (
    "it cannot be read: a port is a number up to 65535, an IPv6 address stands in [ ], and a password has %2F for /, "
    "%3F for ?, %23 for #, %40 for @, %5B for [ and %5D for ]"
)
_MAX_POOL = 1000
_DAY_S = 86_400.0


class PostgresLocation(Struct, frozen=True, kw_only=True):
    """A parsed store URL: `postgresql://user:password@host/database`, with options after `?`.

    Args:
        dsn: what the driver connects to.
        shown: the same without a password, for messages.
        schema: database schema of the store; 1-40 of a-z, 0-9 and _, a letter first.
        pool: connections that read at the same time, at most.
        deadline_s: seconds after which an append or a read that found no server gives up.
        connect_timeout_s: seconds one attempt to connect may take.
        service: what fills in what the URL leaves out; None for what `PGSERVICE` says.
        servicefile: where that is looked up; None for where `PGSERVICEFILE` says, or `~/.pg_service.conf`.
        files: certificates and keys.
    """

    dsn: str
    shown: str
    schema: str = "leftfold"
    pool: int = 4
    deadline_s: float = 30.0
    connect_timeout_s: float = 10.0
    service: str | None = None
    servicefile: str | None = None
    files: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"PostgresLocation({self.shown!r}, schema={self.schema!r})"

    @classmethod
    def parse(cls, url: str) -> PostgresLocation:
        """Read *url*; raises `InvalidStoreUrl` with the reason."""
        check_url(url)
        shown = shown_url(url)
        split = _split(url, shown)
        if split.scheme not in ("postgresql", "postgres") or split.fragment:
            raise InvalidStoreUrl(shown, "write postgresql://user:password@host:port/database?schema=leftfold")
        options = _spoken(shown, dict(parse_qsl(split.query, keep_blank_values=True)))
        if options.get("sslrootcert") == "system":
            raise InvalidStoreUrl(shown, "sslrootcert=system: name the file of your system's certificates instead")
        if unknown := sorted(options.keys() - _LIBPQ - set(_OURS)):
            raise InvalidStoreUrl(
                shown, f"unknown option {unknown[0]!r}; there are {', '.join(_OURS)} and libpq's, such as sslmode"
            )
        ours = {name: options.pop(name) for name in _OURS if name in options}
        connect_timeout = options.pop("connect_timeout", "10")
        service, servicefile = options.pop("service", None), options.pop("servicefile", None)
        return cls(
            dsn=split._replace(query=urlencode(options)).geturl(),
            shown=shown,
            schema=_schema(shown, ours.get("schema", "leftfold")),
            pool=int(_number(shown, "pool", ours, "4", _MAX_POOL)),
            deadline_s=_number(shown, "deadline_s", ours, "30", _DAY_S),
            service=service,
            servicefile=servicefile,
            files=tuple(options[name] for name in _FILES if name in options),
            connect_timeout_s=_number(shown, "connect_timeout", {"connect_timeout": connect_timeout}, "10", _DAY_S),
        )


def _split(url: str, shown: str) -> SplitResult:
    try:
        url.encode()
        split = urlsplit(url)
        if "," not in split.netloc:
            _ = split.port
    except ValueError as error:  # which quotes what may be a part of the password
        raise InvalidStoreUrl(shown, _UNREADABLE) from error
    hosts = split.netloc.rpartition("@")[2].split(",")
    if len(hosts) > 1 and not all(hosts):
        raise InvalidStoreUrl(shown, "a host between its commas is empty")
    return split


def _spoken(shown: str, options: Mapping[str, str]) -> dict[str, str]:
    """*options* without those that say what the driver does anyway."""
    spoken = dict(options)
    for name in sorted((_AS_ALWAYS.keys() | _WAYS_OUT.keys()) & options.keys()):
        if spoken.pop(name) not in _AS_ALWAYS.get(name, ()):
            way_out = _WAYS_OUT.get(name, f"there is {name}={_AS_ALWAYS.get(name, ('',))[0]}")
            raise InvalidStoreUrl(shown, f"{name}={options[name]:.80} cannot be kept: {way_out}. Leave it out")
    return spoken


def schema_flaw(name: str) -> str | None:
    """Why no store is in the database schema *name*, or None when one may be."""
    if isinstance(cast("object", name), str) and _SCHEMA.fullmatch(name):
        return None
    return f"schema {name!r:.80}: use 1 to 40 of a-z, 0-9 and _, a letter first, not pg_, and not with _read at the end"


def _schema(shown: str, name: str) -> str:
    if flaw := schema_flaw(name):
        raise InvalidStoreUrl(shown, flaw)
    return name


def _number(shown: str, name: str, options: Mapping[str, str], default: str, most: float) -> float:
    text = options.get(name, default)
    try:
        number = float(text)
    except ValueError:
        number = 0.0
    if not 0 < number <= most or (name == "pool" and number != int(number)):
        raise InvalidStoreUrl(shown, f"{name} is a number above 0 and at most {most:g}, not {text!r}")
    return number


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
