"""The arithmetic of the benchmarks of two stages."""

import pathlib

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture(autouse=True)
def _repository_on_the_path(monkeypatch):
    # The benchmarks are not part of the package.
    monkeypatch.syspath_prepend(str(ROOT))


def test_the_place_of_an_interaction_from_the_end_of_its_user():
    from benchmarks.two_stage import from_end

    data = Interactions.from_frame(pd.DataFrame({"user": list("uvuuv"), "item": list("abbca")}))
    data = data.select([0, 1, 2, 3])
    assert from_end(data).tolist() == [2, 0, 1, 0]


def test_factors_are_of_the_given_rows_and_tell_groups_apart():
    from benchmarks.two_stage import with_factors

    # Two groups of users, each with its own items.
    pairs = [(f"u{u}", f"i{2 * i + u % 2}") for u in range(8) for i in range(6) if (u + i) % 5]
    data = Interactions.from_frame(pd.DataFrame(pairs, columns=["user", "item"]))
    found = with_factors(data, slice(None))
    users, items = (side.columns["factors"][2:] for side in (found.users, found.items))
    even = [int(one[1:]) % 2 == 0 for one in data.users.vocabulary.ids[-8:]]
    products = users @ items.T
    own = np.equal.outer(even, [int(one[1:]) % 2 == 0 for one in data.items.vocabulary.ids[-12:]])
    assert products[own].mean() > 10 * abs(products[~own].mean())
    few = with_factors(data, data.item != data.item[0])
    assert abs(few.items.columns["factors"][data.item[0]]).max() < 1e-6


def test_the_interval_of_a_mean():
    from benchmarks.two_stage import interval

    gain = np.random.default_rng(0).normal(0.1, 1.0, 4000)
    error = 1.96 * gain.std() / np.sqrt(4000)
    np.testing.assert_allclose(interval(gain), gain.mean() + [-error, error], atol=0.004)
