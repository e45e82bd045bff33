import itertools

import numpy as np
import pandas as pd
import pytest


def table(rows):
    return pd.DataFrame(rows, columns=["user_id", "item_id", "time"])


def planted_popularity(rng):
    """Item n is taken with a probability proportional to 1 / n^1.5, whoever the user is."""
    share = 1 / np.arange(1, 41) ** 1.5
    share /= share.sum()
    return table(
        (f"u{u}", f"i{i}", 1_600_000_000 + 60 * at)
        for u in range(60)
        for at, i in enumerate(rng.choice(40, 8, replace=False, p=share))
    )


def planted_order(rng):
    """After item n comes item n + 1 of a ring of 40; users start anywhere."""
    return table(
        (f"u{u}", f"i{(start + at) % 40}", 1_600_000_000 + 60 * at)
        for u, start in enumerate(rng.integers(40, size=60))
        for at in range(10)
    )


def planted_content(rng):
    """Each user takes items of one of 20 topics, of 30 items each, which are seldom taken twice."""
    rows = [
        (f"u{u}", f"i{20 * i + u % 20}", 1_600_000_000 + 60 * at)
        for u in range(60)
        for at, i in enumerate(rng.choice(30, 6, replace=False))
    ]
    return table(rows)


@pytest.fixture
def shop(tmp_path, monkeypatch):
    """popularity.csv, order.csv, content.csv, and products.csv with their items."""
    monkeypatch.chdir(tmp_path)
    for make in (planted_popularity, planted_order, planted_content):
        name = make.__name__.removeprefix("planted_")
        make(np.random.default_rng(0)).to_csv(f"{name}.csv", index=False)
    words = [f"word{n % 20} topic{n % 20} and more" for n in range(600)]
    pd.DataFrame(
        {"item_id": [f"i{n}" for n in range(600)], "title": words, "price": np.arange(600) / 7}
    ).to_csv("products.csv", index=False)
    return tmp_path


class Clock:
    """Moves on by a step at each look."""

    def __init__(self, step=0.0):
        self.ticks, self.step, self.now = itertools.count(), step, 0.0

    def __call__(self):
        self.now += self.step
        return self.now


@pytest.fixture
def make_clock():
    return Clock
