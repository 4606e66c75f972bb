"""How the lock is rewritten: by one at a time, and never half."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from leftfold.borders import KernelLockBusy
from leftfold.borders.kernel_file import rewrite

ADDING = textwrap.dedent("""
    import sys
    from pathlib import Path
    from leftfold.borders.kernel_file import rewrite
    path = Path("kernel.lock")
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(25):
        rewrite(path, lambda: path.read_text() + f"{sys.argv[1]} {number}\\n", patience_s=60)
""")
DYING = textwrap.dedent("""
    import os, signal, sys
    from pathlib import Path
    import leftfold.borders.kernel_file as file
    def die(*_): os.kill(os.getpid(), signal.SIGKILL)
    match sys.argv[1]:
        case "reading": change = die
        case "writing":
            os.fsync = die
            change = lambda: "half"
        case "renaming":
            Path.replace = die
            change = lambda: "new"
    file.rewrite(Path("kernel.lock"), change)
""")


def test_of_many_writers_at_once_none_is_lost(tmp_path: Path) -> None:
    path = tmp_path / "kernel.lock"
    path.write_text("")
    command = [sys.executable, "-c", ADDING]
    writers = [
        subprocess.Popen([*command, name], cwd=tmp_path, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for name in "abc"
    ]
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    assert [writer.wait() for writer in writers] == [0, 0, 0]
    for writer in writers:
        writer.communicate()
    assert sorted(path.read_text().splitlines()) == sorted(f"{name} {number}" for name in "abc" for number in range(25))
    assert [one.name for one in tmp_path.iterdir()] == ["kernel.lock"]


@pytest.mark.parametrize("when", ["reading", "writing", "renaming"])
def test_who_is_killed_on_the_way_leaves_the_old_file_and_the_next_one_says_what_to_do(
    tmp_path: Path, when: str
) -> None:
    path = tmp_path / "kernel.lock"
    path.write_text("old")
    killed = subprocess.run([sys.executable, "-c", DYING, when], cwd=tmp_path, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "old"
    with pytest.raises(KernelLockBusy, match="delete the file") as caught:
        rewrite(path, lambda: "new", patience_s=0.05)
    assert path.read_text() == "old"
    Path(caught.value.path).unlink()
    rewrite(path, lambda: "new", patience_s=0)
    assert path.read_text() == "new"


def test_when_the_change_raises_the_file_is_as_it_was_and_the_turn_is_over(tmp_path: Path) -> None:
    path = tmp_path / "kernel.lock"
    path.write_text("old")
    with pytest.raises(KeyboardInterrupt):
        rewrite(path, _interrupted)
    assert path.read_text() == "old"
    assert [one.name for one in tmp_path.iterdir()] == ["kernel.lock"]


def _interrupted() -> str:
    raise KeyboardInterrupt


def test_a_lock_that_is_a_link_stays_one(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    link = tmp_path / "kernel.lock"
    link.symlink_to(tmp_path / "real" / "kernel.lock")
    rewrite(link, lambda: "new")
    assert link.is_symlink()
    assert (tmp_path / "real" / "kernel.lock").read_text() == "new"
