import numpy as np
import pytest

from kerasrec.simulation.click_model import click_probability, clicks, examined


def test_the_probability_of_a_click_by_hand():
    # sigmoid(0) = 1/2, sigmoid(log 3) = 3/4; positions 1, 2 and 3 are looked at in 1, 1/2, 1/3.
    found = click_probability([[0.0, np.log(3.0), np.log(3.0)]])
    assert found[0] == pytest.approx([0.5, 0.375, 0.25])


def test_clicks_have_this_probability():
    random, n = np.random.default_rng(0), 40_000
    utility = np.tile([1.0, -1.0, 0.5], (n, 1))
    got = clicks(utility, random.random((n, 3)), random.random((n, 3))).mean(0)
    chance = click_probability(utility[:1])[0]
    assert np.abs(got - chance).max() < 4 * np.sqrt(0.25 / n)


def test_the_numbers_of_people_decide():
    # Looked at: 0.4 < 1/1, 0.4 < 1/2, but not 0.4 < 1/3. Taken where the number is below 1/2.
    got = clicks(np.zeros((1, 3)), np.full((1, 3), 0.4), np.array([[0.4, 0.6, 0.4]]))
    assert got.tolist() == [[True, False, False]]
    assert examined(3).tolist() == [1.0, 1 / 2, 1 / 3]
