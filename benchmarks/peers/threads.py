"""Chooses one thread or all threads for PyTorch, whichever is faster."""

import os
import time

import torch


def with_best_threads(run):
    """Wraps `run(steps)`; the first call chooses the faster number of threads.

    On a busy machine two threads that wait for each other can be ten times slower than one, which
    would be unfair to PyTorch.
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
