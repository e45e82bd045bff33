import pytest

from kerasrec.client import ServingError
from kerasrec.client.attempts import Attempts


class Clock:
    """A fake clock: time passes only in `sleep` and `work`."""

    def __init__(self):
        self.now, self.waits = 0.0, []

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.waits.append(seconds)
        self.now += seconds


@pytest.fixture
def clock():
    return Clock()


def attempts(clock, timeout=100.0, retries=9, chance=1.0):
    return Attempts(timeout, retries, clock, clock.sleep, lambda: chance)


def failing(times, **how):
    errors = [ServingError("busy", **how)] * times

    def ask(seconds):
        if errors:
            raise errors.pop()
        return "answer"

    return ask


def test_waits_double_up_to_two_seconds(clock):
    assert attempts(clock).run(failing(7, again=True)) == "answer"
    assert clock.waits == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 2.0, 2.0])


def test_waits_are_random(clock):
    attempts(clock, chance=0.25).run(failing(2, again=True))
    assert clock.waits == pytest.approx([0.025, 0.05])


def test_waits_as_long_as_the_server_wants(clock):
    attempts(clock).run(failing(1, again=True, wait=3.0))
    assert clock.waits == [3.0]


def test_a_refusal_is_not_retried(clock):
    with pytest.raises(ServingError, match="busy"):
        attempts(clock).run(failing(1, status=404))
    assert not clock.waits


def test_raises_when_retries_are_used_up(clock):
    with pytest.raises(ServingError, match="busy"):
        attempts(clock, retries=2).run(failing(3, again=True))
    assert len(clock.waits) == 2


def test_does_not_wait_beyond_the_deadline(clock):
    with pytest.raises(ServingError, match="busy"):
        attempts(clock, timeout=0.25).run(failing(9, again=True))
    assert clock.waits == pytest.approx([0.1])


def test_each_attempt_gets_the_remaining_time(clock):
    left = []

    def ask(seconds):
        left.append(seconds)
        raise ServingError("busy", again=True)

    with pytest.raises(ServingError):
        attempts(clock, timeout=10.0, retries=2).run(ask)
    assert left == pytest.approx([10.0, 9.9, 9.7])


def test_several_calls_share_one_deadline(clock):
    tries = attempts(clock, timeout=1.0)
    tries.run(lambda seconds: clock.sleep(1.5))
    with pytest.raises(ServingError, match="no answer within 1 seconds"):
        tries.run(lambda seconds: "too late")
