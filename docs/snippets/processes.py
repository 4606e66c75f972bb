from __future__ import annotations

import asyncio
from datetime import timedelta

from msgspec import Struct
from msgspec.structs import replace

from leftfold import IGNORE, Aggregate, App, Command, Context, Event, Ignored, Next, TimerDue, applies
from leftfold.testing import ManualClock

club = Context("club")


# facts
class Joined(Event):
    member: str
    cents: int


class Reminded(Event):
    member: str
    times: int


class Paid(Event):
    member: str
    cents: int


class Thanked(Event):
    member: str


class Left(Event):
    member: str


class Member(Aggregate[Joined | Reminded | Paid | Thanked | Left]):
    @applies
    def _nothing(self, event: Joined | Reminded | Paid | Thanked | Left) -> None:
        pass  # it decides nothing by what was before


# commands
class Join(Command):
    member: str
    cents: int


class Pay(Command):
    member: str
    cents: int


class Remind(Command):
    member: str
    times: int


class Thank(Command):
    member: str


class Expel(Command):
    member: str


@club.decides(Member, id="member")
def join(command: Join, member: Member) -> None:
    member.record(Joined(member=member.id, cents=command.cents))


@club.decides(Member, id="member")
def pay(command: Pay, member: Member) -> None:
    member.record(Paid(member=member.id, cents=command.cents))


@club.decides(Member, id="member")
def remind(command: Remind, member: Member) -> None:
    member.record(Reminded(member=member.id, times=command.times))


@club.decides(Member, id="member")
def give_thanks(_command: Thank, member: Member) -> None:
    member.record(Thanked(member=member.id))


@club.decides(Member, id="member")
def expel(_command: Expel, member: Member) -> None:
    member.record(Left(member=member.id))


# process
class Fee(Struct, frozen=True):
    member: str
    due: int
    reminded: int = 0


@club.process(key="member")
def fee(state: Fee | None, event: Joined | Paid | TimerDue) -> Next[Fee] | Ignored:
    match state, event:
        case None, Joined(member=member, cents=cents):
            return Next(Fee(member, cents)).timer("payment", timedelta(days=30))
        case Fee(due=due), Paid(cents=cents) if cents >= due:
            return Next(replace(state, due=0)).end()
        case Fee(due=due), Paid(cents=cents):
            return Next(replace(state, due=due - cents))
        case Fee(member=member, reminded=2), TimerDue(name="payment"):
            return Next(state).send(Expel(member=member)).end()
        case Fee(member=member, reminded=reminded), TimerDue(name="payment"):
            again = replace(state, reminded=reminded + 1)
            return Next(again).send(Remind(member=member, times=reminded + 1)).timer("payment", timedelta(days=10))
        case _:
            return IGNORE


# choreography
@club.reacts(within=timedelta(hours=1))
def thank(event: Paid) -> Thank | None:
    return Thank(member=event.member) if event.cents else None


# run
async def main() -> None:
    clock = ManualClock()
    async with App(club, store="memory:", clock=clock) as app:
        for name in ("ann", "bob"):
            await app.send(Join(member=name, cents=5_000))
        await app.send(Pay(member="ann", cents=5_000))
        await app.settle()
        print([(timer.key, timer.due.date().isoformat()) async for timer in app.processes.timers()])
        for days in (30, 10, 10):
            clock.advance(timedelta(days=days))
            await app.settle()
        for recorded in (await app.events.read_log()).events:
            print(recorded.recorded_at.date(), recorded.stream, recorded.type)
        view = await app.processes.show("fee", "bob")
        print(view.status, [f"{entry.what} {entry.kind}" for entry in view.journal])


if __name__ == "__main__":
    asyncio.run(main())
# end
