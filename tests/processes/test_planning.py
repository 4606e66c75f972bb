"""What a saga does next follows from its steps and its journal alone, whatever becomes of the steps."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from leftfold import Done, InDoubt
from leftfold.processes.planning import Finish, Until, planned, status_of, turned_back
from tests.processes.playing import START, End, Form, Play, definition_of

LINEAR = (Form("one"), Form("two"), Form("three"))
WITH_PIVOT = (Form("one"), Form("two"), Form("pay", pivot=True, undo=False), Form("mail", tries=None))


def play(forms: tuple[Form, ...], deadline: timedelta | None = None, **ends: list[End]) -> Play:
    """Tries end as said, `one=[...]` those of the step and `undo_one=[...]` those of its undo; then all are done."""
    left = {name: list(several) for name, several in ends.items()}

    def choose(name: str, undo: bool) -> End:
        said = left.get(f"undo_{name}" if undo else name)
        return said.pop(0) if said else "done"

    return Play(definition_of(forms, deadline), choose)


def test_steps_are_done_in_order_and_then_it_is_completed() -> None:
    one = play(LINEAR)
    assert one.run() == "completed"
    assert (one.begun, one.undone) == (["one", "two", "three"], [])


def test_a_refused_step_is_not_undone_and_those_before_it_are_in_reverse() -> None:
    one = play(LINEAR, three=["refused"])
    assert one.run() == "compensated"
    assert one.undone == ["two", "one"]
    assert one.journal.reason == "step 'three' was refused: Refused: No."


def test_a_refusal_is_not_tried_again() -> None:
    one = play(LINEAR, one=["refused"])
    assert one.run() == "compensated"
    assert one.records["one"].tries == 1


def test_a_step_in_doubt_is_tried_again_and_then_undone_first() -> None:
    one = play(LINEAR, two=["lost", "failed"])
    assert one.run() == "compensated"
    assert (one.records["two"].tries, one.undone) == (2, ["two", "one"])
    assert one.journal.reason == "step 'two' is in doubt: ConnectionError: failed"


def test_a_refusal_after_a_lost_answer_leaves_the_step_in_doubt() -> None:
    one = play(LINEAR, two=["lost", "refused"])
    assert one.run() == "compensated"
    assert one.undone == ["two", "one"]


def test_a_pivot_refused_after_a_lost_answer_is_not_done() -> None:
    one = play(WITH_PIVOT, pay=["failed", "refused"])
    assert one.run() == "compensated"
    assert one.undone == ["two", "one"]


def test_an_undo_is_told_done_with_the_result_or_in_doubt_with_the_reason() -> None:
    one = play(LINEAR, two=["lost", "killed"], three=["refused"])
    one.run()
    step = one.definition.step
    assert step("one").outcome(one.records["one"]) == Done("result")
    assert step("two").outcome(one.records["two"]) == InDoubt("its worker was gone before it was heard how it ended")


def test_a_step_that_is_done_at_last_is_in_doubt_no_more() -> None:
    one = play(LINEAR, two=["lost", "done"])
    assert one.run() == "completed"
    assert one.records["two"].doubt is None


def test_a_transactional_step_is_never_in_doubt() -> None:
    one = play((Form("one"), Form("two", transactional=True)), two=["lost", "killed", "failed"])
    assert one.run() == "compensated"
    assert one.undone == ["one"]
    assert one.records["two"].status == "refused"


def test_parallel_steps_are_begun_together_and_undone_in_the_reverse_of_their_order() -> None:
    forms = (Form("one"), Form("two", with_next=True), Form("three"), Form("four"))
    assert [len(group) for group in definition_of(forms).groups] == [1, 2, 1]
    one = play(forms, four=["refused"])
    assert one.run() == "compensated"
    assert (one.begun, one.undone) == (["one", "two", "three", "four"], ["three", "two", "one"])


def test_one_parallel_step_that_is_refused_undoes_the_other_that_waits_for_its_next_try() -> None:
    forms = (Form("one", with_next=True), Form("two"))
    one = play(forms, one=["lost"], two=["refused"])
    assert one.run() == "compensated"
    assert one.undone == ["one"]


def test_after_the_pivot_steps_are_tried_until_they_are_done_and_nothing_is_undone() -> None:
    one = play(WITH_PIVOT, mail=["lost", "failed", "killed", "lost", "failed"])
    assert one.run() == "completed"
    assert (one.records["mail"].tries, one.undone) == (6, [])


def test_a_step_behind_the_pivot_that_is_refused_is_parked() -> None:
    one = play(WITH_PIVOT, mail=["refused"])
    assert one.run() == "stuck"
    assert (one.records["mail"].status, one.undone) == ("parked", [])


def test_what_stands_beside_a_parked_step_is_tried_until_it_is_done() -> None:
    forms = (Form("pay", pivot=True, undo=False), Form("mail", with_next=True), Form("send", tries=None))
    one = play(forms, mail=["refused"], send=["lost", "lost", "lost"])
    assert one.run() == "stuck"
    assert (one.records["mail"].status, one.records["send"].status) == ("parked", "done")


def test_a_pivot_in_doubt_that_nothing_undoes_waits_for_a_person_before_anything_is_undone() -> None:
    one = play(WITH_PIVOT, timedelta(hours=1), pay=["lost", "failed"])
    assert one.run() == "stuck"
    assert (one.records["pay"].status, one.undone, one.begun) == ("parked", [], ["one", "two", "pay"])


def test_a_pivot_in_doubt_with_an_undo_is_undone() -> None:
    one = play((Form("one"), Form("pay", pivot=True)), pay=["lost", "killed"])
    assert one.run() == "compensated"
    assert one.undone == ["pay", "one"]


def test_a_deadline_undoes_what_was_begun() -> None:
    forms = (Form("one"), Form("two", tries=9), Form("three"))
    one = play(forms, timedelta(seconds=4), two=["lost"] * 9)
    assert one.run() == "compensated"
    assert one.journal.reason == "its deadline has passed"
    assert one.undone == ["two", "one"]
    assert 1 < one.records["two"].tries < 9


def test_a_deadline_behind_the_pivot_only_flags() -> None:
    one = play(WITH_PIVOT, timedelta(seconds=2), mail=["lost"] * 5)
    assert one.run() == "completed"
    assert (one.journal.overdue, one.undone) == (True, [])


def test_what_waits_is_woken_at_its_deadline() -> None:
    definition = definition_of((Form("one", tries=9),), timedelta(milliseconds=100))
    one = Play(definition, lambda _name, _undo: "lost")
    one.journal, _ = planned(definition, one.journal, START, one.deadline)
    one.do(definition.plans)
    _, move = planned(definition, one.journal, START, one.deadline)
    assert move == Until(START + timedelta(milliseconds=100))


def test_an_undo_that_keeps_failing_is_parked_and_the_others_still_run() -> None:
    one = play(LINEAR, three=["refused"], undo_two=["failed", "lost"])
    assert one.run() == "stuck"
    assert (one.records["two"].status, one.records["one"].status) == ("parked", "undone")


def test_an_interrupted_undo_is_tried_again_and_parked_after_its_last_try() -> None:
    again = play(LINEAR, three=["refused"], undo_two=["killed"])
    assert (again.run(), again.records["two"].undo_tries) == ("compensated", 2)
    parked = play(LINEAR, three=["refused"], undo_two=["killed", "killed"])
    assert (parked.run(), parked.records["two"].status) == ("stuck", "parked")


def test_a_step_without_undo_is_passed_over() -> None:
    one = play((Form("one"), Form("look", undo=False), Form("three")), three=["lost", "lost"])
    assert one.run() == "compensated"
    assert one.undone == ["three", "one"]


def test_turned_back_it_is_compensating_until_it_has_ended() -> None:
    one = play(LINEAR)
    one.journal, move = planned(one.definition, one.journal, START, None)
    assert status_of(one.journal, move) == "running"
    one.do(one.definition.plans[:1])
    one.journal = turned_back(one.definition, one.journal, "enough")
    one.journal, move = planned(one.definition, one.journal, START, None)
    assert status_of(one.journal, move) == "compensating"
    assert one.run() == "compensated"
    assert status_of(one.journal, Finish("compensated")) == "compensated"


@st.composite
def shapes(draw: st.DrawFn) -> tuple[Form, ...]:
    """Up to six steps with a pivot somewhere or nowhere, some begun together."""
    count = draw(st.integers(1, 6))
    pivot = draw(st.integers(-1, count - 1))
    forms: list[Form] = []
    for number in range(count):
        before_pivot, behind = number == pivot - 1, 0 <= pivot < number
        together = number < count - 1 and number != pivot and not before_pivot and draw(st.booleans())
        beside = bool(forms) and forms[-1].with_next
        forms.append(
            Form(
                f"s{number}",
                pivot=number == pivot,
                transactional=not together and not beside and draw(st.booleans()),
                undo=not behind and draw(st.booleans()),
                with_next=together,
                tries=draw(st.sampled_from([1, 2, 3])) if not behind else draw(st.sampled_from([1, 3, None])),
                undo_tries=draw(st.integers(1, 3)),
            )
        )
    return tuple(forms)


@settings(max_examples=400)
@given(shapes(), st.data(), st.sampled_from([None, timedelta(milliseconds=700), timedelta(seconds=4)]))
def test_whatever_its_steps_come_to_a_saga_ends_and_undoes_what_may_have_happened_and_nothing_else(
    forms: tuple[Form, ...], data: st.DataObject, deadline: timedelta | None
) -> None:
    tries = Counter[tuple[str, bool]]()
    ends = st.sampled_from(tuple[End, ...](("done", "done", "refused", "lost", "failed", "killed")))

    def choose(name: str, undo: bool) -> End:
        tries[name, undo] += 1
        end: End = data.draw(ends, label=f"{'undo ' if undo else ''}{name}")
        return end if tries[name, undo] < 20 else "done"

    one = Play(definition_of(forms, deadline), choose)
    status = one.run()
    by_name = {form.name: form for form in forms}
    settled = {name for name, known in one.records.items() if known.status in ("done", "skipped")}
    parked = {name for name, known in one.records.items() if known.status == "parked"}
    pivot = next((form.name for form in forms if form.pivot), None)

    assert (status == "stuck") == bool(parked)
    if status == "completed":
        assert settled == set(by_name)
    if pivot in settled:
        assert not one.undone
        assert not one.journal.back
    order = [one.begun.index(name) for name in one.undone]
    assert order == sorted(order, reverse=True), "undone in another order"
    if one.journal.back:
        for name, was_done in one.done.items():
            if was_done and by_name[name].undo:
                assert name in parked, f"{name} is in effect and nobody is told"
        for name in one.undone:
            assert one.records[name].status in ("undone", "parked"), "an undo was left behind"
    for name, known in one.records.items():
        limit = by_name[name].tries
        assert known.status != "refused" or name not in one.undone, "undone although it was refused"
        assert limit is None or known.tries <= limit
        assert known.undo_tries <= by_name[name].undo_tries
