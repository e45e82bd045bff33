"""Retries a request with random exponential backoff, within one deadline."""

import random
import time

from kerasrec.client.serving_error import ServingError

FIRST_WAIT, LONGEST_WAIT = 0.1, 2.0


class Attempts:
    """The remaining time and retries of one call of the client.

    Before retry n (from 0) it waits a random part of `0.1 * 2 ** n` seconds, at most 2, so that
    many clients do not retry at the same moment; longer if the server says so by `Retry-After`.
    Source: "full jitter" in Brooker, Exponential Backoff And Jitter, AWS Architecture Blog, 2015.

    Args:
        timeout: Seconds for all attempts, including waits.
        retries: Attempts after the first.
        clock, sleep, chance: For tests.

    >>> def call(seconds):
    ...     raise ServingError("no server", again=True)
    >>> waits = []
    >>> Attempts(5.0, retries=2, sleep=waits.append, chance=lambda: 1.0).run(call)
    Traceback (most recent call last):
        ...
    kerasrec.client.serving_error.ServingError: no server
    >>> waits
    [0.1, 0.2]
    """

    def __init__(
        self, timeout, retries, clock=time.monotonic, sleep=time.sleep, chance=random.random
    ):
        self._clock, self._sleep, self._chance = clock, sleep, chance
        self._timeout, self._deadline = timeout, clock() + timeout
        self._left, self._wait = retries, FIRST_WAIT

    def run(self, call):
        """Returns the result of `call(seconds)`, which gets the remaining time.

        Raises:
            ServingError: the last one, when retries or time are used up, or if a retry cannot help.
        """
        while True:
            seconds = self._deadline - self._clock()
            if seconds <= 0:
                raise ServingError(f"no answer within {self._timeout:g} seconds")
            try:
                return call(seconds)
            except ServingError as error:
                wait = max(self._wait * self._chance(), error.wait or 0.0)
                in_time = self._clock() + wait < self._deadline
                if not error.again or not self._left or not in_time:
                    raise
            self._sleep(wait)
            self._left, self._wait = self._left - 1, min(2 * self._wait, LONGEST_WAIT)
