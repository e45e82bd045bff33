"""One thread or all of them, whichever PyTorch is faster with."""

import os
import time

import torch


def with_best_threads(run):
    """`run(steps)` with the number of threads that its first call finds to be the faster.

    On a machine that is not quiet two threads that wait for each other can be ten times slower than
    one: a peer must not lose by that.
    """
    threads = None

    def timed(steps):
        nonlocal threads
        if threads is None:
            run(1)
            threads = min({1, os.cpu_count()}, key=lambda count: seconds_of_a_step(run, count))
        torch.set_num_threads(threads)
        run(steps)

    return timed


def seconds_of_a_step(run, threads):
    torch.set_num_threads(threads)
    best, spent = float("inf"), 0.0
    while spent < 0.1:
        start = time.perf_counter()
        run(1)
        taken = time.perf_counter() - start
        best, spent = min(best, taken), spent + taken
    return best
