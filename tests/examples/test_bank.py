from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from examples.bank.account import Account, MoneyCredited, MoneyWithdrawn
from examples.bank.pkdd99 import HEADER
from leftfold import App, RecordedEvent
from tests.examples.commands import python, start

BANK = ("-m", "examples.bank")
WELL_FORMED = '{id};{account};930101;"PRIJEM";"VKLAD";{amount};700.00;"";;\r\n'


def good(id: int, account: int = 1, amount: str = "700.00") -> bytes:
    return WELL_FORMED.format(id=id, account=account, amount=amount).encode()


def write(path: Path, *lines: bytes) -> Path:
    path.write_bytes(";".join(f'"{name}"' for name in HEADER.split(";")).encode() + b"\r\n" + b"".join(lines))
    return path


def imported(file: Path, store: str) -> tuple[str, list[str]]:
    """What an import said: its summary, and the rows it left out."""
    ran = python(*BANK, "import", str(file), "--store", store)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip(), ran.stderr.splitlines()


def report(store: str) -> dict[str, object]:
    ran = python(*BANK, "report", "--store", store, "--json")
    assert ran.returncode == 0, ran.stderr
    return dict(json.loads(ran.stdout))


async def log(store: str) -> list[RecordedEvent[object]]:
    async with App(Account, store=store) as app:
        return list((await app.events.read_log(limit=100_000)).events)


def numbers(events: Sequence[RecordedEvent[object]]) -> dict[str, list[int]]:
    """Account to the numbers of its transactions, in the order of their versions."""
    found: defaultdict[str, list[int]] = defaultdict(list)
    for recorded in sorted(events, key=lambda one: one.version):
        assert isinstance(recorded.event, MoneyCredited | MoneyWithdrawn)
        assert recorded.event.booking is not None
        found[recorded.stream].append(recorded.event.booking.trans_id)
    return dict(found)


BAD = [
    (b'10;1;930101;"PRIJEM";"VKLAD";1.00;1.00;""\r\n', "8 columns instead of 10"),
    (b'11;1;930101;"PRIJEM";"VKLAD";1.00;1.00;"";;;\r\n', "11 columns instead of 10"),
    (b"\r\n", "0 columns instead of 10"),
    (b'12;1;930101;"DAR";"VKLAD";1.00;1.00;"";;\r\n', "type 'DAR' is none of PRIJEM, VYDAJ, VYBER"),
    (b'13;1;930101;"PRIJEM";"VKLAD";1,00;1.00;"";;\r\n', "amount '1,00' cannot be read"),
    (b'14;1;930101;"PRIJEM";"VKLAD";-1.00;1.00;"";;\r\n', "amount '-1.00' cannot be read"),
    (b'15;1;930101;"PRIJEM";"VKLAD";1e5;1.00;"";;\r\n', "amount '1e5' cannot be read"),
    (b'16;1;930101;"PRIJEM";"VKLAD";NaN;1.00;"";;\r\n', "amount 'NaN' cannot be read"),
    (b'17;1;930101;"PRIJEM";"VKLAD";1.00;?;"";;\r\n', "balance '?' cannot be read"),
    (b'18;1;930230;"PRIJEM";"VKLAD";1.00;1.00;"";;\r\n', "date 930230: day is out of range for month"),
    (b'19;1;93011;"PRIJEM";"VKLAD";1.00;1.00;"";;\r\n', "date '93011' cannot be read"),
    (b'20;one;930101;"PRIJEM";"VKLAD";1.00;1.00;"";;\r\n', "account_id 'one' cannot be read"),
    (b'2_1;1;930101;"PRIJEM";"VKLAD";1.00;1.00;"";;\r\n', "trans_id '2_1' cannot be read"),
    (b'22;1;930101;"PRIJEM";"VKL\x00AD";1.00;1.00;"";;\r\n', "event 'MoneyCredited', field 'booking.operation'"),
    (b'23;1;930101;"PRIJEM";"VKLAD;1.00;1.00;"";;\r\n', "its columns cannot be told apart"),
    (b'1;1;930102;"PRIJEM";"VKLAD";700.00;700.00;"";;\r\n', "trans_id 1 stands above with other content"),
    (b'1;2;930101;"PRIJEM";"VKLAD";700.00;700.00;"";;\r\n', "trans_id 1 stands above with other content"),
    (b'24;1;930101;"PRIJE', "its columns cannot be told apart"),
]


async def test_each_bad_row_is_left_out_with_its_line_and_no_other_row_is_lost(tmp_path: Path, store: str) -> None:
    lines = [good(1)]
    for id, (bad, _) in enumerate(BAD, start=100):
        lines += [good(id), bad]
    file = write(tmp_path / "trans.asc", *lines)
    summary, left_out = imported(file, store)
    assert summary == f"{1 + len(BAD)} rows recorded, 0 stored before, {len(BAD)} left out"
    told = sorted(left_out, key=lambda line: int(line.split()[1]))
    for line, number, (_, reason) in zip(told, range(4, 4 + 2 * len(BAD), 2), BAD, strict=True):
        assert line.startswith(f"line {number} left out: {reason}")
    assert numbers(await log(store)) == {"bank_account-1": [1, *range(100, 100 + len(BAD))]}


async def test_a_row_is_kept_exactly_its_date_is_when_it_happened(tmp_path: Path, store: str) -> None:
    row = '7;0042;931231;"VYDAJ";"P\xd8EVOD\x85NA \xdaCET";0.10;-3396.20;"SIPO";"AB";00612\r\n'.encode("latin-1")
    imported(write(tmp_path / "trans.asc", row), store)
    (recorded,) = await log(store)
    assert (recorded.stream, recorded.type) == ("bank_account-42", "MoneyWithdrawn")
    assert recorded.occurred_at.isoformat() == "1993-12-31T00:00:00+00:00"
    event = recorded.event
    assert isinstance(event, MoneyWithdrawn)
    assert event.booking is not None
    assert (str(event.amount), str(event.booking.balance)) == ("0.10", "-3396.20")
    assert (event.booking.type, event.booking.operation) == ("VYDAJ", "P\xd8EVOD\x85NA \xdaCET")
    assert (event.booking.purpose, event.booking.partner_bank, event.booking.partner_account) == ("SIPO", "AB", "00612")


def test_a_row_that_stands_in_the_file_twice_is_one(tmp_path: Path, store: str) -> None:
    summary, left_out = imported(write(tmp_path / "trans.asc", good(1), good(2), good(1)), store)
    assert (summary, left_out) == ("2 rows recorded, 1 stored before, 0 left out", [])


def test_a_number_that_is_stored_with_other_content_is_left_out(tmp_path: Path, store: str) -> None:
    imported(write(tmp_path / "first.asc", good(1), good(2)), store)
    changed = write(tmp_path / "second.asc", good(1, amount="1.00"), good(2, account=9), good(3))
    summary, left_out = imported(changed, store)
    assert summary == "1 rows recorded, 0 stored before, 2 left out"
    assert all("already stored in stream 'bank_account-1'" in line for line in left_out)
    assert report(store)["credits"] == "2100.00"


def test_another_file_is_refused_whole(tmp_path: Path, store: str) -> None:
    file = tmp_path / "other.asc"
    file.write_bytes(b"some;thing;else\r\n" + good(1))
    ran = python(*BANK, "import", str(file), "--store", store)
    assert ran.returncode == 1
    assert ran.stderr.startswith("line 1 is not the header of PKDD'99 transactions")
    assert all(float(str(sum)) == 0 for sum in report(store).values())


def test_a_store_that_gives_up_ends_the_import_which_goes_on_later(tmp_path: Path) -> None:
    path = tmp_path / "bank.db"
    file = write(tmp_path / "trans.asc", *(good(number, account=number % 7) for number in range(1, 50)))
    imported(write(tmp_path / "first.asc", good(1, account=1)), f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as other:
        other.execute("begin immediate")
        ran = python(*BANK, "import", str(file), "--store", f"sqlite:///{path}?deadline_s=0.1")
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.count("\n") == 1
    assert "was held by others" in ran.stderr
    assert imported(file, f"sqlite:///{path}") == ("48 rows recorded, 1 stored before, 0 left out", [])


@pytest.fixture
def many(tmp_path: Path) -> tuple[Path, dict[str, list[int]]]:
    """6,000 rows of 30 accounts, and what each account has to come to."""
    expected: defaultdict[str, list[int]] = defaultdict(list)
    rows = [(number, number * number % 97 % 30) for number in range(6000, 0, -1)]
    for number, account in rows:
        expected[f"bank_account-{account}"].append(number)
    return write(tmp_path / "trans.asc", *(good(number, account) for number, account in rows)), dict(expected)


async def test_two_imports_at_once_store_every_row_once_in_the_files_order(
    many: tuple[Path, dict[str, list[int]]], store: str
) -> None:
    file, expected = many
    with start(*BANK, "import", str(file), store=store) as one, start(*BANK, "import", str(file), store=store) as other:
        said = [process.communicate()[0].split() for process in (one, other)]
    assert [one.returncode, other.returncode] == [0, 0]
    assert sum(int(words[0]) for words in said) == 6000
    assert numbers(await log(store)) == expected


async def test_an_import_that_was_killed_goes_on_when_it_is_run_again(
    many: tuple[Path, dict[str, list[int]]], store: str
) -> None:
    file, expected = many
    stored = await kill_in_the_middle(file, store, 300)
    assert 300 < stored < 6000
    summary, _ = imported(file, store)
    assert summary == f"{6000 - stored} rows recorded, {stored} stored before, 0 left out"
    assert imported(file, store)[0] == "0 rows recorded, 6000 stored before, 0 left out"  # a third changes nothing
    assert numbers(await log(store)) == expected


async def kill_in_the_middle(file: Path, store: str, after: int) -> int:
    """Kill an import when more than *after* rows are stored; returns how many are."""
    async with App(Account, store=store) as app:
        with start(*BANK, "import", str(file), store=store) as process:
            await app.store.wake(after, timeout=60)
            process.kill()
        return await app.store.head()


def test_a_person_opens_pays_in_takes_out_transfers_and_looks(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/bank.db"

    def bank(*arguments: str) -> tuple[int, str]:
        ran = python(*BANK, *arguments, store=store)
        assert "Traceback" not in ran.stderr
        return ran.returncode, (ran.stdout or ran.stderr).strip()

    assert bank("open", "A", "Ada") == (0, "A: 0.00 CZK after 0 transactions")
    assert bank("open", "B", "Bob")[0] == 0
    assert bank("deposit", "A", "100") == (0, "A: 100.00 CZK after 1 transactions")
    assert bank("withdraw", "A", "200") == (1, "Insufficient funds. (balance=100, requested=200)")
    assert bank("transfer", "A", "B", "30.50") == (
        0,
        "A: 69.50 CZK after 2 transactions\nB: 30.50 CZK after 1 transactions",
    )
    assert bank("deposit", "A", "much")[0] != 0
    assert bank("balance", "A") == (0, "A: 69.50 CZK after 2 transactions")
    assert bank("balance", "A", "--on", "1993-05-31") == (
        1,
        "stream 'bank_account-A' has no events as of valid 1993-05-31T23:59:59.999999+00:00",
    )
    assert bank("balance", "A", "--on", "31.5.")[0] != 0
    assert bank("balance", "A", "--on", "2999-12-31") == (0, "A: 69.50 CZK at the end of 2999-12-31")
    assert bank("report", "--json") == (
        0,
        (
            '{"accounts": 2, "transactions": 3, "account_days": 0, "exact": 0, "within_1": 0, "below_zero": 0, '
            '"credits": "130.50", "withdrawals": "30.50", "net": "100.00"}'
        ),
    )
    code, table = bank("report")
    assert code == 0
    assert " ".join(table.split()) == (
        "accounts 2 transactions 3 account_days 0 exact 0 within_1 0 below_zero 0 "
        "credits 130.50 CZK withdrawals 30.50 CZK net 100.00 CZK"
    )
