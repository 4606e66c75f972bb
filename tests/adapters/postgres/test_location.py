"""Store URLs: what they say, and what they may not say."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import pytest

from leftfold.adapters.postgres import PostgresLocation, PostgresSchema, open_postgres
from leftfold.errors import InvalidStoreUrl, StoreUnavailable
from tests.adapters.postgres.opened import opened


def test_a_url_says_where_the_store_is_and_how_to_use_it() -> None:
    location = PostgresLocation.parse(
        "postgresql://ann:s%2Fcret@db.example:6432/bank?schema=ledger&pool=8&deadline_s=2.5&sslmode=disable"
        "&connect_timeout=3&application_name=teller"
    )
    assert (location.schema, location.pool, location.deadline_s, location.connect_timeout_s) == ("ledger", 8, 2.5, 3)
    assert location.dsn == ("postgresql://ann:s%2Fcret@db.example:6432/bank?sslmode=disable&application_name=teller")


def test_what_is_left_out_has_defaults() -> None:
    location = PostgresLocation.parse("postgres://db/bank")
    assert (location.schema, location.pool, location.deadline_s) == ("leftfold", 4, 30)


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///bank.db",
        "postgresql+asyncpg://db/bank",
        "bank",
        "",
        "postgresql://db/bank#here",
        "postgresql://db/bank?colour=red",
        "postgresql://db/bank?statement_timeout=1",
        "postgresql://db/bank?schema=",
        "postgresql://db/bank?schema=Bank",
        "postgresql://db/bank?schema=pg_bank",
        "postgresql://db/bank?schema=bank_read",
        'postgresql://db/bank?schema=a"b',
        "postgresql://db/bank?schema=" + "b" * 41,
        "postgresql://db/bank?pool=0",
        "postgresql://db/bank?pool=2.5",
        "postgresql://db/bank?pool=many",
        "postgresql://db/bank?deadline_s=0",
        "postgresql://db/bank?deadline_s=nan",
        "postgresql://db/bank?deadline_s=-1",
        "postgresql://db/bank?connect_timeout=soon",
        "postgresql://db:port/bank",
        "postgresql://db,/bank",
        "postgresql://db/bank?sslrootcert=system",
        "postgresql://[::1/bank",
        "postgresql://d\u2100b/bank",
        "postgresql://db/\udcff",
    ],
)
async def test_a_url_that_cannot_be_opened_is_refused_before_anything_is_tried(url: str) -> None:
    with pytest.raises(InvalidStoreUrl) as refusal:
        await open_postgres(url)
    assert refusal.value.url == url


def test_a_password_is_never_shown() -> None:
    url = "postgresql://ann:hushhush@db/bank?sslpassword=hushhush"
    location = PostgresLocation.parse(url)
    assert "hushhush" in location.dsn
    assert "hushhush" not in repr(location) + location.shown
    with pytest.raises(InvalidStoreUrl) as refusal:
        PostgresLocation.parse(url + "&colour=red")
    assert "hushhush" not in str(refusal.value)


@pytest.mark.parametrize(
    "password", ["hush/hush", "hush?hush", "hush#hush", "hush[hush", "hush@hu/sh", "hush\u2100hush"]
)
def test_a_password_that_nobody_escaped_is_not_shown_and_the_url_is_refused(password: str) -> None:
    with pytest.raises(InvalidStoreUrl) as refusal:
        PostgresLocation.parse(f"postgresql://ann:{password}@db:5432/bank?pool=0")
    assert "hush" not in str(refusal.value)
    assert refusal.value.url.startswith("postgresql://ann:***@db:5432/bank")


@pytest.mark.parametrize("place", ["db:5432", "db:5432,other:5432", "[::1]:5432"])
def test_a_port_is_no_password(place: str) -> None:
    url = f"postgresql://{place}/bank?user=ann@db"
    assert PostgresLocation.parse(url).shown == url


@pytest.mark.parametrize(
    "option",
    ["channel_binding=prefer", "channel_binding=disable", "gssencmode=disable", "client_encoding=utf8", "sslsni=1"],
)
def test_an_option_that_says_what_is_done_anyway_is_taken(option: str) -> None:
    location = PostgresLocation.parse(f"postgresql://db/bank?{option}&sslmode=disable")
    assert location.dsn == "postgresql://db/bank?sslmode=disable"


@pytest.mark.parametrize(
    ("option", "way_out"),
    [
        ("channel_binding=require", "sslmode=verify-full"),
        ("gssencmode=require", "TLS"),
        ("keepalives=1", r"\?deadline_s="),
        ("keepalives_idle=30", r"\?deadline_s="),
        ("tcp_user_timeout=10000", r"\?deadline_s="),
        ("sslsni=0", "sslsni=1"),
        ("hostaddr=10.0.0.1", "as the host"),
    ],
)
def test_an_option_of_libpq_that_cannot_be_kept_is_refused_with_what_to_do_instead(option: str, way_out: str) -> None:
    with pytest.raises(InvalidStoreUrl, match=f"{option} cannot be kept.*{way_out}.*Leave it out"):
        PostgresLocation.parse(f"postgresql://db/bank?{option}")


@pytest.fixture
def services(store_url: str, tmp_path: Path) -> Path:
    """A file with the service `bank`, which is where `store_url` is."""
    split = urlsplit(store_url)
    file = tmp_path / "services"
    file.write_text(f"[bank]\nhost=127.0.0.1\nport={split.port}\nuser=postgres\ndbname={split.path[1:]}\n")
    return file


async def test_a_service_is_looked_up_in_the_file_that_the_url_or_the_environment_names(
    store_url: str, services: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = urlsplit(store_url).query
    async with opened(f"postgresql://?service=bank&servicefile={services}&{query}") as store:
        assert await store.head() == 0
    monkeypatch.setenv("PGSERVICEFILE", str(services))
    monkeypatch.setenv("PGSERVICE", "bank")
    async with opened(f"postgresql://?{query}") as store:
        assert await store.head() == 0


async def test_a_service_that_is_not_there_is_refused_and_no_other_server_is_tried(
    store_url: str, services: Path
) -> None:
    for url in (
        store_url.replace("?", f"?service=shop&servicefile={services}&"),
        store_url.replace("?", f"?service=bank&servicefile={services}.none&"),
    ):
        for attempt in (open_postgres(url), PostgresSchema(PostgresLocation.parse(url)).migrate()):
            with pytest.raises(InvalidStoreUrl, match=r"there is no service '\w+' in .*servicefile="):
                await attempt


@pytest.mark.parametrize("option", ["sslrootcert", "sslcert"])
async def test_a_certificate_that_is_not_there_is_named(store_url: str, tmp_path: Path, option: str) -> None:
    url = store_url.replace("?", f"?sslmode=require&{option}={tmp_path}/absent.crt&")
    with pytest.raises(StoreUnavailable, match=f"No such file or directory: '{tmp_path}/absent.crt'"):
        await open_postgres(url)
