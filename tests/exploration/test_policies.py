"""Propensities beside values worked out by hand and the frequencies of 100,000 draws."""

import collections
import math

import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.exploration import (
    EpsilonGreedy,
    ItemCounts,
    NewItems,
    SoftmaxTopK,
    parse_policy,
    request_random,
)

DRAWS = 100_000
SCORES = [2.0, 1.5, 0.5, 0.0]
ITEMS = ["a", "b", "c", "d"]
POLICIES = [
    EpsilonGreedy(0.3),
    EpsilonGreedy(1.0),
    SoftmaxTopK(0.7),
    NewItems(0.4, {"a": 500, "b": 3, "d": 20}, {"b": 1, "d": 2}),
]


@pytest.mark.slow
@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_propensities_are_the_frequencies_of_many_draws(policy):
    """Two of four are shown. Those of `given_above` are compared below each first item.

    Of about 20 comparisons with intervals of 4.5 standard deviations, one fails by chance in 7,000
    seeds.
    """
    random, said = np.random.default_rng(0), {}
    seen = collections.Counter()
    for _ in range(DRAWS):
        order, propensities = policy.draw(SCORES, 2, random, ITEMS)
        first, second = order.tolist()
        second = (first, second) if policy.given_above else (None, second)
        for key, value in (((0, first), propensities[0]), ((1, *second), propensities[1])):
            seen[key] += 1
            assert said.setdefault(key, value) == value
    for key, probability in said.items():
        above = DRAWS
        if policy.given_above and key[0] == 1:
            above = seen[0, key[1]]
        deviation = math.sqrt(probability * (1 - probability) / above)
        assert abs(seen[key] / above - probability) <= 4.5 * deviation + 1e-4, key
    totals = collections.Counter()
    for key, probability in said.items():
        totals[key[:-1]] += probability
    assert all(total == pytest.approx(1.0, abs=2e-4) for total in totals.values())


def test_epsilon_by_hand():
    """m = 3, k = 2, epsilon = 1/2.

    One position is free: its item is 1 of 2, itself or the third. Both are free: 1 of 3 each.
    Own position: 1/2 + 1/4 * 1/2 + 1/4 * 1/3. The other's: 1/4 * 1/3. The third: 1/4 (1/2 + 1/3).
    """
    policy = EpsilonGreedy(0.5)
    own, other, third = 17 / 24, 1 / 12, 5 / 24
    assert own + other + third == pytest.approx(1.0)
    for order, expected in (((0, 1), (own, own)), ((1, 0), (other, other)), ((2, 1), (third, own))):
        assert policy.propensities(np.array(order), 3) == pytest.approx(expected)


@pytest.mark.parametrize(("m", "k"), [(1, 1), (4, 4), (100, 10), (10, 1)])
def test_epsilon_sums_to_one_at_each_position(m, k):
    policy = EpsilonGreedy(0.2)
    total = np.zeros(k)
    for item in range(m):
        total += [
            policy.propensities(np.where(np.arange(k) == j, item, -1), m)[j] for j in range(k)
        ]
    assert total == pytest.approx(np.ones(k))


def test_softmax_by_hand():
    """Weights 3, 2, 1: the order c, a has 1/6 and then 3/5."""
    policy = SoftmaxTopK(2.0)
    scores = 2.0 * np.log([3.0, 2.0, 1.0])
    assert policy.propensities(scores, np.array([2, 0])) == pytest.approx([1 / 6, 3 / 5])
    assert policy.propensities(scores, np.array([0, 1, 2])) == pytest.approx([1 / 2, 2 / 3, 1.0])


def test_softmax_of_scores_far_apart_has_no_nan():
    policy = SoftmaxTopK(1e-3)
    found = policy.propensities([10.0, 1.0, 0.0], np.array([0, 1, 2]))
    assert found.tolist() == [1.0, 1.0, 1.0]
    shown = policy.draw([10.0, 1.0, 0.0], 3, np.random.default_rng(0))
    assert shown.order.tolist() == [0, 1, 2] and np.isfinite(shown.propensities).all()


def test_new_items_by_hand():
    """Uniform posteriors but one, Beta(2, 1), whose draw is above a uniform one with 2/3."""
    policy = NewItems(0.5, {"a": 100, "b": 1, "c": 0}, {"b": 1}, prior=1.0)
    found = {}
    random = np.random.default_rng(0)
    for _ in range(200):
        (chosen,), (propensity,) = policy.draw([3.0, 2.0, 1.0], 1, random, ["a", "b", "c"])
        found[int(chosen)] = propensity
    assert found == pytest.approx({0: 0.5, 1: 1 / 3, 2: 1 / 6}, abs=1e-5)


def test_new_items_without_new_candidates_is_the_ranking():
    policy = NewItems(0.9, {"a": 100, "b": 100})
    shown = policy.draw([2.0, 1.0], 2, np.random.default_rng(0), ["a", "b"])
    assert shown.order.tolist() == [0, 1] and shown.propensities.tolist() == [1.0, 1.0]


@pytest.mark.parametrize("policy", POLICIES, ids=str)
def test_a_list_has_no_item_twice_and_is_repeated_by_its_request(policy):
    for number in range(50):
        first, again = (
            policy.draw(SCORES, 9, request_random(f"r{number}", "salt"), ITEMS) for _ in range(2)
        )
        assert sorted(first.order) == [0, 1, 2, 3]
        assert first.order.tolist() == again.order.tolist()
        assert (first.propensities > 0).all() and (first.propensities <= 1).all()
        assert first.propensities.tolist() == again.propensities.tolist()
    assert len({policy.draw([], 3, request_random("r"), []).order.size for _ in range(2)}) == 1


def test_requests_salts_and_rows_draw_apart():
    numbers = {
        request_random(request, salt, row).random()
        for request in ("a", "b")
        for salt in ("", "a", "b")
        for row in (0, 1)
    }
    assert len(numbers) == 12


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: parse_policy("epsilon"), "epsilon:0.05, softmax:0.5 or new:0.1: got 'epsilon'"),
        (lambda: parse_policy("greedy:0.1"), "got 'greedy:0.1'"),
        (lambda: parse_policy("epsilon:0"), "above 0 and at most 1.*got 0.0"),
        (lambda: parse_policy("softmax:nan"), "above 0 and finite: got nan"),
        (lambda: parse_policy("new:1", ItemCounts()), "below 1.*got 1.0"),
        (lambda: parse_policy("new:0.1"), "new:0.1 needs counts.*--events"),
        (lambda: NewItems(0.1, {"a": 1}, {"a": 2}), "'a' has 2 clicks and 1 impressions"),
        (lambda: NewItems(0.1).draw([1.0], 1, None), "ids of the 1 candidates"),
        (lambda: SoftmaxTopK(1.0).draw([1.0, -np.inf], 1, None), "1 that are not finite"),
    ],
)
def test_refused(make, said):
    with pytest.raises(InputError, match=said):
        make()
