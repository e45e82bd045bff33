"""How many users are ranked for: by a clock whose seconds are planted."""

import pytest

from kerasrec.config.train_node import TrainNode
from kerasrec.training.callbacks import validation_users
from kerasrec.training.callbacks.validation_users import ValidationUsers

USERS = 60  # of the validation part of `split`


class Clock:
    """An epoch of 20 steps, 16 and 4; ranking for n users takes `fixed + n * each` seconds.

    The first execution also compiles, and so does the first ranking for each number of users.
    """

    def __init__(self, step, fixed, each, compiling=1000.0):
        self.step, self.fixed, self.each, self.compiling = step, fixed, each, compiling
        self.now, self.ranked = 0.0, []

    def __call__(self):
        return self.now

    def run_epoch(self, users, executions=(16, 4)):
        users.set_params({"steps": sum(executions)})
        users.on_epoch_begin(0)
        self.now += self.compiling
        for n, steps in enumerate(executions):
            self.now += steps * self.step
            # Keras counts the last execution as full.
            users.on_train_batch_end((n + 1) * executions[0] - 1)
        users.on_epoch_end(0)

    def rank(self, users):
        self.now += self.fixed + users * self.each
        if users not in self.ranked:
            self.now += self.compiling
        self.ranked.append(users)


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(validation_users, "FEWEST", 10)
    monkeypatch.setattr(validation_users, "TIMED", 4)


def chosen(split, clock, asked="auto", **arguments):
    lines = []
    users = ValidationUsers(split, TrainNode(validate_users=asked), lines.append, clock)
    users.on_train_begin()
    clock.run_epoch(users, **arguments)
    if users.number is None:
        users.choose(clock.rank)
    return users, lines


@pytest.mark.parametrize(
    "step,fixed,each,number,share",
    [
        # An epoch of 20 steps of 1 s takes 20 s, so a validation may take 2 s.
        (1.0, 0.0, 0.01, 60, None),  # all: 0.6 s
        (1.0, 1.4, 0.01, 60, None),  # all: 2.0 s
        (1.0, 0.0, 0.04, 40, "8%"),  # all 2.4 s, 40 users 1.6 s
        (1.0, 1.0, 0.04, 20, "9%"),  # all 3.4 s, 40 users 2.6 s, 20 users 1.8 s
        (1.0, 0.0, 0.11, 10, "6%"),  # 20 users 2.2 s, 10 users 1.1 s
        (1.0, 4.0, 0.10, 10, "25%"),  # never fewer, whatever they cost: 5 s
    ],
)
def test_a_validation_takes_a_tenth_of_an_epoch(split, step, fixed, each, number, share):
    clock = Clock(step, fixed, each)
    users, lines = chosen(split, clock)
    assert users.number == number and users.total == USERS
    assert clock.ranked == [1, 1, 4, 4]
    assert users.sample == (None if number == USERS else number)
    if share is None:
        assert lines == []
    else:
        assert lines == [
            f"Validation ranks for {number} of 60 users, drawn at random, in about {share} of an "
            "epoch's time; train.validate_users: all ranks for all."
        ]


def test_an_epoch_of_one_execution_is_measured_whole(split):
    # 1000 s of compiling and 4 of steps: a tenth is 100.4 s, and 40 users take 100 s.
    users, _ = chosen(split, Clock(1.0, 0.0, 2.5), executions=(4,))
    assert users.number == 40


@pytest.mark.parametrize("fewest", [60, 61, 10_000])
def test_few_users_are_all_ranked_for(split, monkeypatch, fewest):
    monkeypatch.setattr(validation_users, "FEWEST", fewest)
    clock = Clock(1.0, 9.0, 9.0)
    users, lines = chosen(split, clock)
    assert (users.number, users.sample, lines, clock.ranked) == (60, None, [], [])


@pytest.mark.parametrize("asked,number", [("all", 60), (60, 60), (99, 60), (7, 7), (1, 1)])
def test_what_is_asked_for_is_not_measured(split, asked, number):
    clock = Clock(1.0, 9.0, 9.0)
    users, lines = chosen(split, clock, asked)
    assert users.number == number and clock.ranked == []
    users.on_train_begin()  # of another trial of a search
    assert lines == (
        []
        if number == 60
        else [
            f"Validation ranks for {number} of 60 users, drawn at random; "
            "train.validate_users: all ranks for all."
        ]
    )


def test_without_an_epoch_all_are_ranked_for(split):
    clock = Clock(1.0, 9.0, 9.0)
    users = ValidationUsers(split, TrainNode(), clock=clock)
    users.choose(clock.rank)
    assert users.number == 60 and clock.ranked == []
