from __future__ import annotations

from datetime import timedelta

from processes import Expel, Fee, Joined, Paid, Remind, fee

from leftfold import Next, TimerDue
from leftfold.testing import given

JOINED = Joined(member="bob", cents=5_000)


# given
LATE = TimerDue(name="payment")


def test_who_does_not_pay_is_reminded() -> None:
    reminded = Next(Fee("bob", 5_000, reminded=1)).send(Remind(member="bob", times=1))
    given(fee, JOINED).when(LATE).then(reminded.timer("payment", timedelta(days=10)))


def test_who_is_reminded_twice_in_vain_has_to_leave() -> None:
    given(fee, JOINED, LATE, LATE).when(LATE).then(Next(Fee("bob", 5_000, reminded=2)).send(Expel(member="bob")).end())


def test_a_payment_of_nobody_is_ignored() -> None:
    given(fee).when(Paid(member="eve", cents=1)).ignores()
