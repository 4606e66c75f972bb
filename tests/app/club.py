"""A club with something of everything that goes on beside a log: what a move must take along."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

from msgspec import Struct

from leftfold import Aggregate, App, Attempt, Clock, Command, Context, Event, Query, ReadModel, Saga, applies, step
from leftfold.app.stores import Stores
from leftfold.processes import IGNORE, Ignored, Next, TimerDue
from leftfold.subscriptions import Policy, Retry

__all__ = ["HOUR", "AskName", "Bell", "Joined", "Name", "Reach", "Register", "Remind", "club"]

HOUR = timedelta(hours=1)


class Joined(Event):
    member: str


class Reminded(Event):
    member: str


class Member(Aggregate[Joined | Reminded]):
    reminders: int = 0

    @applies
    def _joined(self, event: Joined) -> None:
        pass

    @applies
    def _reminded(self, event: Reminded) -> None:
        self.reminders += 1


class Register(Command[str]):
    member: str


class Remind(Command):
    member: str


class Name(Struct, frozen=True):
    member: str


class AskName(Query[Name | None]):
    member: str


class Waiting(Struct, frozen=True):
    member: str


@dataclass
class Bell:
    """What is done outside."""

    rung: list[str] = field(default_factory=list)
    anybody: bool = False


class Reach(Saga, deadline=3 * HOUR):
    """Rings, and reaches its member at the second try, an hour later."""

    member: str

    @step(undoable=False)
    async def ring(self, attempt: Attempt, bell: Bell) -> str:
        bell.rung.append(f"ring {self.member}")
        return attempt.key

    @step(undoable=False, retry=Retry(attempts=5, first=HOUR, most=HOUR))
    async def reach(self, attempt: Attempt, bell: Bell) -> str:
        bell.rung.append(f"reach {self.member}, try {attempt.number}")
        if attempt.number == 1:
            raise ConnectionError("no answer")
        return attempt.key


def club(bell: Bell, *, store: Stores, clock: Clock | None = None, greets: bool = True, inline: bool = False) -> App:
    """The app; what it does outside is noted by *bell*.

    Args:
        greets: whether it has the reaction that greets.
        inline: whether the names of its members are written with every append.
    """
    context = Context("club")
    context.saga(Reach)

    @context.decides(Member, id="member")
    def register(command: Register, member: Member) -> str:
        member.record(Joined(member=command.member))
        return f"welcome, {command.member}"

    @context.decides(Member, id="member")
    def remind(command: Remind, member: Member) -> None:
        member.record(Reminded(member=command.member))

    _shows(context)
    if greets:

        @context.on(policy=Policy(retry=Retry(attempts=1)))
        async def greet(event: Joined) -> None:
            if event.member == "nobody" and not bell.anybody:
                raise ValueError("nobody is there")
            bell.rung.append(f"greet {event.member}")

    @context.process(key="member")
    def dunning(state: Waiting | None, event: Joined | TimerDue) -> Next[Waiting] | Ignored:
        match state, event:
            case None, Joined(member=member):
                return Next(Waiting(member)).timer("dun", 2 * HOUR)
            case Waiting(member=member), TimerDue():
                return Next(state).send(Remind(member=member)).end()
            case _:
                return IGNORE

    return App(context, store=store, provide={Bell: bell}, clock=clock, inline=["members"] if inline else [])


def _shows(context: Context) -> None:
    @context.projection(key="member")
    def members(row: Name | None, event: Joined) -> Name:  # noqa: ARG001 - a name never changes
        return Name(event.member)

    @context.query
    async def ask_name(query: AskName, rows: ReadModel[Name]) -> Name | None:
        return await rows.get(query.member)
