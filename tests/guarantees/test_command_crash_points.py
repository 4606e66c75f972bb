"""G3: a command with an id has one effect and one answer: kill -9 at every single call of the database driver."""

from __future__ import annotations

import signal
from contextlib import ExitStack

import msgspec

from tests.guarantees.children import Child, begin_together
from tests.guarantees.commanding import Answered, check_commands, commands_of
from tests.guarantees.nursery import Ended, Order
from tests.guarantees.places import Place
from tests.guarantees.strides import every_call
from tests.handling.teller import open_desk

_MANY = 1_000
_PROCESSES = 3
_RUNS = 10


def _live(nursery: Child, order: Order) -> tuple[list[Answered], int]:
    nursery.tell(msgspec.json.encode(order).decode())
    answered: list[Answered] = []
    while True:
        match nursery.hear(dict[str, object]):
            case {"ended": int(code)}:
                return answered, Ended(code).ended
            case line:
                answered.append(msgspec.convert(line, Answered))


@every_call(7)
async def test_a_command_sent_again_after_a_kill_at_any_call_of_the_driver_has_one_effect_and_its_first_answer(
    place: Place, stride: int
) -> None:
    store = await place.open()
    await open_desk(store)
    await store.close()
    answered: list[Answered] = []
    head = partial = step = 0
    with Child("nursery") as nursery:
        for step in range(1, _MANY, stride):
            answered, code = _live(nursery, Order(place.url, step, step, "commands"))
            await place.quiet()
            store = await place.open()
            head = await check_commands(store, step, answered, head)
            await store.close()
            if code == 0:
                break
            assert code == -signal.SIGKILL
            partial += bool(answered)
    assert len(answered) == len(commands_of(0))
    assert step > 50, "the driver was not wrapped"
    assert partial > len(answered), "no kill fell between two answers"


async def test_processes_that_send_the_same_commands_at_once_all_get_the_same_answers(place: Place) -> None:
    store = await place.open()
    await open_desk(store)
    with ExitStack() as stack:
        children = [stack.enter_context(Child("commanding", place.url, str(_RUNS))) for _ in range(_PROCESSES)]
        begin_together(children)
        told = [child.finish(Answered) for child in children]
    count = len(commands_of(0))
    for run in range(_RUNS):
        answers = [each[run * count : (run + 1) * count] for each in told]
        for together in zip(*answers, strict=True):
            assert len({(answer.id, answer.said, answer.position) for answer in together}) == 1
            assert together[0].position == 0 or sum(not answer.repeated for answer in together) == 1
        await check_commands(store, run, [msgspec.structs.replace(one, repeated=False) for one in answers[0]], 0)
    await store.close()
