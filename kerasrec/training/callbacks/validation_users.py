"""How many users the validations of a training rank for."""

import time

import keras

from kerasrec.models.steps_done import steps_done

# So many users are all ranked for; of more, "auto" draws no fewer than these.
FEWEST = 10_000
# Users of the ranking that is timed.
TIMED = 1_000
# What a validation may take of an epoch's time.
SHARE = 0.1


class ValidationUsers(keras.callbacks.Callback):
    """Chooses how many users the validations of a training rank for.

    The number is chosen once, before the first validation, for only validations of the same users
    are comparable. With `validate_users: auto` it is the largest of 10,000, 20,000, 40,000 ... (or
    all users) whose ranking takes at most a tenth of the time of the epoch before it, by

        seconds(n) = seconds(1) + (n - 1) (seconds(1000) - seconds(1)) / 999

    where both seconds are measured. What compiles is not counted. Up to 10,000 users are all ranked
    for, and nothing is measured.

    A callback that only reads the clock; `RankingValidation` calls `choose`.

    Args:
        split: `Split`, also one without a validation part.
        train: `TrainNode` of a config; its `validate_users` and `seed` are read.
        say: Called once with a line for people where not all users are ranked for.
        clock: Returns seconds.

    Attributes:
        total: Number of users of the validation part.
        number: How many are ranked for; None before it is chosen, or without a validation part.
        seed: That they are drawn with.
    """

    def __init__(self, split, train, say=lambda line: None, clock=time.perf_counter):
        super().__init__()
        self.seed, self.say, self.clock = train.seed, say, clock
        self.total = len(split.query_users("validation")) if len(split.validation) else 0
        asked = train.validate_users
        if asked == "all" or (asked == "auto" and self.total <= FEWEST):
            self.number = self.total or None
        else:
            self.number = None if asked == "auto" else min(asked, self.total) or None
        self._epoch_seconds, self._said = None, False

    @property
    def sample(self):
        """What `evaluate` takes as `users`: the number, None for all."""
        return None if self.number == self.total else self.number

    def choose(self, rank):
        """Chooses the number if it is not chosen yet; of a model without epochs, all.

        Args:
            rank: Called with a number of users, ranks for so many.
        """
        if self.number is not None:
            return
        if self._epoch_seconds is None:
            self.number = self.total
            return
        one, some = (self._seconds(rank, users) for users in (1, TIMED))
        each = max(0.0, some - one) / (TIMED - 1)

        def share(users):
            return (one + (users - 1) * each) / self._epoch_seconds

        self.number = self.total
        if share(self.total) > SHARE:
            self.number = FEWEST
            while share(2 * self.number) <= SHARE:
                self.number *= 2
        self._say_sample(f", in about {share(self.number):.0%} of an epoch's time")

    def on_train_begin(self, logs=None):
        if self.number is not None:
            self._say_sample()

    def on_epoch_begin(self, epoch, logs=None):
        self._began, self._first, self._done = self.clock(), None, 0

    def on_train_batch_end(self, batch, logs=None):
        self._done = steps_done(batch, self.params)
        if self._first is None:
            self._first = self._done, self.clock()

    def on_epoch_end(self, epoch, logs=None):
        now, (compiled, since) = self.clock(), self._first
        # The first execution of a process also compiles.
        if self._done > compiled:
            self._epoch_seconds = (now - since) * self._done / (self._done - compiled)
        else:
            self._epoch_seconds = now - self._began

    def _seconds(self, rank, users):
        rank(users)  # compiles
        started = self.clock()
        rank(users)
        return self.clock() - started

    def _say_sample(self, cost=""):
        if self.sample is not None and not self._said:
            self.say(
                f"Validation ranks for {self.number:,} of {self.total:,} users, drawn at random"
                f"{cost}; train.validate_users: all ranks for all."
            )
        self._said = True
