"""What goes wrong around a shared kernel: it cannot be read, its files are damaged, an approval is refused."""

from __future__ import annotations

from leftfold.errors import LeftfoldError

__all__ = ["ApprovalRefused", "InvalidKernelFile", "KernelLockBusy", "UnreadableKernel"]


class UnreadableKernel(LeftfoldError):
    """The package of a shared kernel is not found, is no Python, or cannot be imported; nothing can be said of it.

    Args:
        package: dotted name.
        reason: what is wrong, and what to do.
        place: the line that offends, as `path:line`; empty when there is none.
    """

    def __init__(self, package: str, reason: str, place: str = "") -> None:
        self.package = package
        self.reason = reason
        self.place = place
        super().__init__(f"package {package!r} of a shared kernel cannot be read: {reason}")


class InvalidKernelFile(LeftfoldError):
    """The lock of kernels, or the file of teams, cannot be read, after a merge conflict for instance; mend it first.

    Args:
        path: of the file.
        line: where, counted from 1.
        reason: what is wrong, and what to do.
    """

    def __init__(self, path: str, line: int, reason: str) -> None:
        self.path = path
        self.line = line
        self.reason = reason
        super().__init__(f"{path}:{line}: {reason}")


class KernelLockBusy(LeftfoldError):
    """Somebody else is writing the lock, or was broken off while writing it; it is as it was.

    Args:
        path: of the file that says so.
        waited_s: how long it was waited for, in seconds.
    """

    def __init__(self, path: str, waited_s: float) -> None:
        self.path = path
        self.waited_s = waited_s
        super().__init__(
            f"{path} has been there for {waited_s:g} s: somebody is approving, or was broken off. Try again; when "
            "nobody is, delete the file: the lock itself is whole"
        )


class ApprovalRefused(LeftfoldError):
    """Somebody may not approve a kernel for a team; the lock is as it was.

    Args:
        kernel: its name.
        team: for whom.
        by: who, an address.
        reason: why not, and what to do.
    """

    def __init__(self, kernel: str, team: str, by: str, reason: str) -> None:
        self.kernel = kernel
        self.team = team
        self.by = by
        self.reason = reason
        super().__init__(f"kernel {kernel!r} is not approved by {by!r} for team {team!r}: {reason}")
