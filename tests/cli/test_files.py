"""A file that is written beside its name is whole or not there."""

from __future__ import annotations

import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import pytest

from leftfold.cli.errors import UsageError
from leftfold.cli.files import put_aside, written_beside


@contextmanager
def _little_room() -> Generator[None]:
    """No file of this process may grow beyond some bytes."""
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)


def test_a_file_stays_as_it_was_until_the_new_one_is_whole(tmp_path: Path) -> None:
    file = tmp_path / "a.lock"
    file.write_text("old")
    with written_beside(file) as out:
        out.write(b"new")
        out.flush()
        assert file.read_text() == "old"
    assert file.read_text() == "new"
    assert list(tmp_path.iterdir()) == [file]


def test_what_breaks_off_leaves_the_file_as_it_was_and_nothing_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "a.lock"
    file.write_text("old")

    def broken_off() -> None:
        with written_beside(file) as out:
            out.write(b"ne")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        broken_off()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP])
def test_who_is_told_to_end_leaves_the_file_as_it_was_and_nothing_beside_it(
    tmp_path: Path, sent: signal.Signals
) -> None:
    file = tmp_path / "a.lock"
    file.write_text("old")
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from leftfold.cli.files import written_beside\n"
        "with written_beside(Path(sys.argv[1])):\n"
        "    print('here', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", program, str(file)], stdout=subprocess.PIPE) as writing:
        assert writing.stdout is not None
        assert writing.stdout.readline() == b"here\n"
        assert len(list(tmp_path.iterdir())) == 2
        writing.send_signal(sent)
    assert writing.returncode == -sent
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_a_file_for_which_there_is_no_room_is_named(tmp_path: Path) -> None:
    def too_much() -> None:
        with written_beside(tmp_path / "a.lock") as out:
            out.write(bytes(100_000))

    with _little_room(), pytest.raises(OSError, match=r"too large: '.*/a\.lock'"):
        too_much()
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_temporary_files_is_named_where_there_is_no_room_for_what_comes_over_a_pipe() -> None:
    with (
        tempfile.TemporaryFile() as file,
        _little_room(),
        pytest.raises(OSError, match=rf"too large: '{tempfile.gettempdir()}'"),
    ):
        put_aside(BytesIO(bytes(10_500)), file)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no regular file"), written_beside(tmp_path):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["none", "file"])
def test_a_file_whose_folder_is_none_is_named_as_it_was_given(tmp_path: Path, folder: str) -> None:
    (tmp_path / "file").write_text("")
    with (
        pytest.raises(OSError, match=rf": '{tmp_path}/{folder}/a\.lock'$"),
        written_beside(tmp_path / folder / "a.lock"),
    ):
        pass
