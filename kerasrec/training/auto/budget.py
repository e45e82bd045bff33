"""The minutes of `kerasrec auto`, and who may spend them."""

import time

# Seconds that writing and checking an export takes, on two busy cores.
EXPORT = 45.0
# With less than this nothing is trained: a graph alone takes as long to be made.
LEAST_TRAINING = 20.0
# The share of the budget that is kept for blends while models are trained.
BLENDS = 0.1
# The share of the budget that the end (test, checkpoint, export) may keep for itself at most.
END = 0.3
# What the budget may be exceeded by.
OVER = 1.1


class Budget:
    """Counts the time from the start of the command.

    Args:
        seconds: The budget.
        clock: Returns seconds.
        started: When it began by that clock; None for now.
    """

    def __init__(self, seconds, clock=time.perf_counter, started=None):
        self.seconds, self.clock = seconds, clock
        self.started = clock() if started is None else started
        self._test = self._refit = 0.0

    def spent(self):
        """Seconds since the start."""
        return self.clock() - self.started

    def expect_test(self, seconds):
        """What the test is expected to take; the largest value counts."""
        self._test = max(self._test, seconds)

    def expect_refit(self, seconds):
        """What a fit of the best model on all rows is expected to take.

        Nothing is kept for one that takes more than `END` of the budget.
        """
        self._refit = seconds if seconds <= END * self.seconds else 0.0

    def allows_refit(self, seconds):
        """Whether so many seconds are left before the end."""
        return self.seconds - self._end - self.spent() >= seconds

    @property
    def reserve(self):
        """Seconds kept for the end and a fit on all rows."""
        return self._end + self._refit

    @property
    def _end(self):
        """Seconds kept for the test, and where the budget allows for one, the export."""
        export = EXPORT if self.seconds >= 4 * EXPORT else 0.0
        return min(END * self.seconds, 0.02 * self.seconds + self._test + export)

    def left(self):
        """Seconds that models may still take."""
        return max(0.0, self.seconds - self.reserve - self.spent())

    def share(self, weight, others):
        """Seconds of what is left, less what blends need, for one of several trainings.

        Args:
            weight: Of this one.
            others: Weights of those that come after it.
        """
        return max(0.0, self.left() - BLENDS * self.seconds) * weight / (weight + sum(others))

    def allows_export(self):
        """Whether an export ends in time, or nearly so."""
        return OVER * self.seconds - self.spent() >= EXPORT
