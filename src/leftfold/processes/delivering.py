"""Has commands carried out that are on their way, and tells their instance when they are refused."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from leftfold.domain.errors import DomainError
from leftfold.errors import AppendRefused, Fenced, InvalidInput, UnreadableState
from leftfold.handling.correlation import handling
from leftfold.handling.refusals import REFUSALS, RefusalError
from leftfold.messages.command import Command
from leftfold.processes.deploying import left_to_newer_code, looked_again
from leftfold.processes.engine import Moment
from leftfold.processes.instance import Entry
from leftfold.processes.measuring import Measuring, Mishap
from leftfold.processes.next import CommandRefused
from leftfold.processes.outgoing import COMMAND, Outgoing, OutgoingStatus, Post, dump_outgoing, load_outgoing
from leftfold.processes.running import PROCESS, RunningProcess
from leftfold.processes.transition import refusal_cause
from leftfold.store.port import Store
from leftfold.store.transaction import Transaction
from leftfold.store.work import End, Revise, WorkItem, WorkWrite
from leftfold.subscriptions.blaming import blamed
from leftfold.subscriptions.parking import error_text
from leftfold.subscriptions.policy import Retry

__all__ = ["CommandCarrier"]

_RETRY: Final = Retry(attempts=10)
_TRIES: Final = 20
_log: Final = logging.getLogger("leftfold")


class CommandCarrier:
    """Carries on the commands that one context sends.

    Args:
        store: of the context.
        contexts: names of those that handle commands.
        processes: of the context, which send.
        measuring: is told what goes wrong; None measures nothing.
    """

    def __init__(
        self,
        store: Store,
        post: Post,
        contexts: Collection[str],
        processes: Sequence[RunningProcess],
        measuring: Measuring | None = None,
    ) -> None:
        self.queues: tuple[str, ...] = tuple(f"{COMMAND}{name}" for name in contexts)
        self._store = store
        self._post = post
        self._measuring = measuring
        self._processes: Mapping[str, RunningProcess] = {f"{PROCESS}{one.name}": one for one in processes}

    async def carry(self, item: WorkItem, moment: Moment) -> None:
        """See `Carrier.carry`."""
        outgoing = load_outgoing(item.state)
        end, context = End(id=item.id, token=item.token), item.queue.removeprefix(COMMAND)
        command: Command[object] | None = None
        try:
            with blamed():
                command = self._post.read(context, outgoing)
                await self._post.send(context, command, outgoing.id_of(item.id), outgoing.metadata)
        except REFUSALS as refusal:
            await self._refused(item, outgoing, refusal)
        except Exception as error:  # noqa: BLE001 - whatever kept it from being carried out, it is kept and tried again
            left = command is None  # another release has sent it, and this code has not or cannot read it
            again = _left(item, outgoing, error, moment()) if left else self._again(item, outgoing, error, moment)
            await self._write([again], item, outgoing)
        else:
            await self._store.transact(Transaction(writes=[end]))

    async def _write(self, writes: Sequence[WorkWrite], item: WorkItem, outgoing: Outgoing) -> None:
        await self._store.transact(Transaction(writes=writes))
        kept = next((one for one in writes if isinstance(one, Revise) and one.id == item.id), None)
        if kept is not None and kept.wake is None:
            with handling(outgoing.metadata):
                _log.warning(
                    "command %r of %s is kept as %s: %s. See: leftfold processes parked",
                    outgoing.command,
                    outgoing.origin.id,
                    kept.status,
                    load_outgoing(kept.state).error,
                )
        if kept is not None and self._measuring is not None:
            sender = outgoing.origin.name.partition("/")[2]
            self._measuring.went_wrong(Mishap(sender=sender, kind="command", status=kept.status))

    def _again(self, item: WorkItem, outgoing: Outgoing, error: Exception, moment: Moment) -> Revise:
        process = self._processes.get(outgoing.origin.name)
        retry = _RETRY if process is None else process.family.newest.retry
        attempts, text = outgoing.attempts + 1, error_text(error)
        with handling(outgoing.metadata):
            _log.warning("command %r of %s failed, try %d: %s", outgoing.command, outgoing.origin.id, attempts, text)
        if (due := left_to_newer_code(error, item.created_at, moment())) is not None:
            return _revised(item, replace(outgoing, error=text), "retrying", wake=due)
        pause_s = retry.pause_s(attempts, error)
        failed = replace(outgoing, attempts=attempts, error=text)
        wake = None if pause_s is None else moment() + timedelta(seconds=pause_s)
        return _revised(item, failed, "dead" if wake is None else "retrying", wake=wake)

    async def _refused(self, item: WorkItem, outgoing: Outgoing, refusal: RefusalError) -> None:
        """Hand the refusal to the instance, or keep the command for a person, in one commit with its journal."""
        kept = replace(outgoing, attempts=outgoing.attempts + 1, error=error_text(refusal))
        running = self._processes.get(outgoing.origin.name)
        for tries in range(1, _TRIES + 1):
            writes: list[WorkWrite] = [_revised(item, kept, "refused")]
            if running is not None:
                writes = await self._told(running, item, kept, refusal)
            try:
                await self._write(writes, item, kept)
            except Fenced as error:
                if error.name == item.id or tries == _TRIES:
                    raise
            except (InvalidInput, AppendRefused) as error:
                await self._write([_untold(item, kept, error)], item, kept)
                return
            else:
                return

    async def _told(
        self, running: RunningProcess, item: WorkItem, outgoing: Outgoing, refusal: RefusalError
    ) -> list[WorkWrite]:
        """What the refusal comes to for the instance as it is now."""
        key, keep = outgoing.origin.key, _revised(item, outgoing, "refused")
        known = (await self._store.work([outgoing.origin.id])).get(outgoing.origin.id)
        if known is None:
            return [keep]
        try:
            process, instance = running.process(known), running.instance(known)
            fields = refusal.fields if isinstance(refusal, DomainError) else {"stream": refusal.stream}
            refused = CommandRefused(command=outgoing.command, error=type(refusal).__name__, fields=fields)
            if CommandRefused not in process.own or instance.ended:
                entry = Entry(kind="refused", what=outgoing.command, at=item.changed_at, note=outgoing.error)
                return [keep, running.written(known, process, instance.noted(entry), instance.wake_at)]
            cause = refusal_cause(refused, outgoing, outgoing.id_of(item.id), instance, item.changed_at)
            with blamed():
                result = running.take(process, key, instance, cause)
        except UnreadableState as error:
            return [_left(item, replace(outgoing, attempts=outgoing.attempts - 1), error, item.changed_at)]
        except Exception as error:  # noqa: BLE001 - whatever a user's function raises concerns its instance alone
            return [_untold(item, outgoing, error)]
        revise = running.written(known, process, result.instance, result.instance.wake_at)
        return [End(id=item.id, token=item.token), revise, *result.commands]


def _left(item: WorkItem, outgoing: Outgoing, error: Exception, now: datetime) -> Revise:
    """Let a command wait for the code of another release; no try is counted."""
    text = error_text(error)
    with handling(outgoing.metadata):
        _log.warning("command %r of %s waits for other code: %s", outgoing.command, outgoing.origin.id, text)
    return _revised(item, replace(outgoing, error=text), "retrying", wake=looked_again(item.created_at, now))


def _untold(item: WorkItem, outgoing: Outgoing, error: Exception) -> Revise:
    text = f"{outgoing.error}; and the process, told so, raised {error_text(error)}"
    return _revised(item, replace(outgoing, error=text), "dead")


def _revised(item: WorkItem, outgoing: Outgoing, status: OutgoingStatus, wake: datetime | None = None) -> Revise:
    return Revise(id=item.id, token=item.token, status=status, state=dump_outgoing(outgoing), wake=wake)
