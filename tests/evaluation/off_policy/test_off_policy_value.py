"""Estimates beside values worked out by hand, and on logs whose truth is known."""

import numpy as np
import pandas as pd
import pytest

from kerasrec.errors import InputError
from kerasrec.evaluation.off_policy import RewardModel, off_policy_value
from kerasrec.exploration import EpsilonGreedy, SoftmaxTopK

CLICKED = np.array([[0.5, 0.3, 0.2, 0.1], [0.1, 0.2, 0.4, 0.6]])  # of context and item
LOGGED = np.array([[0.4, 0.3, 0.2, 0.1], [0.4, 0.3, 0.2, 0.1]])
TARGET = np.array([[0.1, 0.2, 0.3, 0.4], [0.0, 0.1, 0.2, 0.7]])
TRUE = float(np.mean(np.sum(CLICKED * TARGET, axis=1)))  # contexts are equally frequent


def draw(n, seed):
    random = np.random.default_rng(seed)
    context = random.integers(0, 2, n)
    item = (random.random(n)[:, None] > np.cumsum(LOGGED[context], axis=1)).sum(axis=1)
    item = np.minimum(item, 3)
    click = (random.random(n) < CLICKED[context, item]).astype(float)
    log = pd.DataFrame({"item": item, "click": click, "propensity": LOGGED[context, item]})
    return log, context, TARGET[context, item]


def model_of(predicted, context, item):
    return RewardModel.of_tables(predicted[context], TARGET[context], item)


def test_by_hand():
    """Weights 2, 1/2, 1/2; rewards 1, 0, 1; q = 1/2 everywhere."""
    log = pd.DataFrame({"propensity": [0.25, 0.5, 0.5], "click": [1, 0, 1]})
    target = [0.5, 0.25, 0.25]
    ips, snips = (off_policy_value(log, target, one) for one in ("ips", "snips"))
    assert ips.value == pytest.approx(2.5 / 3)
    assert snips.value == pytest.approx(2.5 / 3) and snips.mean_weight == pytest.approx(1.0)
    assert ips.effective == pytest.approx(9 / 4.5) and ips.logged == pytest.approx(2 / 3)
    half = np.full(3, 0.5)
    dr = off_policy_value(log, target, "dr", model=RewardModel(half, half))
    assert dr.value == pytest.approx(np.mean([0.5 + 1.0, 0.5 - 0.25, 0.5 + 0.25]))


def test_clipping_says_what_it_did():
    log = pd.DataFrame({"propensity": [0.25, 0.5, 0.5], "click": [1, 0, 1]})
    found = off_policy_value(log, [0.5, 0.25, 0.25], "ips", clip=1.0)
    assert found.value == pytest.approx(1.5 / 3) and found.unclipped == pytest.approx(2.5 / 3)
    assert (found.clip, found.clipped) == (1.0, pytest.approx(1 / 3))
    assert found.removed == pytest.approx(1 / 3)
    assert "weights above 1 cut in 33.33% of the rows, 33.33% of all weight" in found.sentence()


@pytest.mark.parametrize("estimator", ["ips", "snips", "dr"])
def test_the_error_falls_as_one_over_the_root(estimator):
    """The slope of log error over log n is -1/2, from 100 logs each of 500 to 32,000 rows."""
    sizes, errors = [500, 2000, 8000, 32000], []
    guess = np.full((2, 4), 0.3)
    for n in sizes:
        squares = []
        for seed in range(100):
            log, context, target = draw(n, [n, seed])
            model = model_of(guess, context, log["item"]) if estimator == "dr" else None
            found = off_policy_value(log, target, estimator, model=model)
            squares.append((found.value - TRUE) ** 2)
        errors.append(np.sqrt(np.mean(squares)))
    slope = np.polyfit(np.log(sizes), np.log(errors), 1)[0]
    # 100 logs know an error to 7 %, which is 0.03 of the slope over a factor of 64.
    assert -0.6 < slope < -0.4, errors


def test_doubly_robust_with_a_good_and_with_a_wrong_model():
    """IPS, and DR with true, with reversed rates: none is biased, the good model varies least."""
    found, inside, n = [], [], 1000
    wrong = 1.0 - CLICKED
    for seed in range(300):
        log, context, target = draw(n, seed)
        three = [off_policy_value(log, target, "ips")]
        for predicted in (CLICKED, wrong):
            model = model_of(predicted, context, log["item"])
            three.append(off_policy_value(log, target, "dr", model=model))
        found.append([one.value for one in three])
        inside.append([one.low < TRUE < one.high for one in three])
    mean, deviation = np.mean(found, axis=0), np.std(found, axis=0)
    assert np.abs(mean - TRUE) == pytest.approx(np.zeros(3), abs=4 * deviation.max() / np.sqrt(300))
    assert deviation[1] < 0.8 * deviation[0]
    assert (np.mean(inside, axis=0) > 0.91).all()


def test_lists_of_the_epsilon_policy_say_what_another_ranking_earns():
    """Ten items, three positions; a click has the rate of the item times that of the position.

    The target reverses the first three; its probabilities are 0 and 1.
    """
    random, policy = np.random.default_rng(1), EpsilonGreedy(0.5)
    rates, seen = np.linspace(0.5, 0.05, 10), np.array([1.0, 0.6, 0.3])
    rows = []
    for request in range(8000):
        order, propensities = policy.draw(np.arange(10)[::-1], 3, random)
        clicks = random.random(3) < rates[order] * seen
        rows += [(request, j, order[j], propensities[j], clicks[j]) for j in range(3)]
    log = pd.DataFrame(rows, columns=["request", "position", "item", "propensity", "click"])
    target = (log["item"] == np.array([2, 1, 0])[log["position"]]).astype(float)
    found = off_policy_value(log, target)
    true = np.mean(rates[[2, 1, 0]] * seen)
    assert found.low < true < found.high and found.high - found.low < 0.07
    assert found.requests == 8000 and found.rows == 24000
    assert not found.low < found.logged < found.high


def test_lists_of_softmax_are_weighted_by_the_items_above():
    """A click on the second item depends on the first: only products of the ratios are right."""
    random = np.random.default_rng(2)
    logged, wanted = SoftmaxTopK(2.0), SoftmaxTopK(0.7)
    scores, rows, target = np.array([2.0, 1.0, 0.0]), [], []

    def rate(order):
        return np.array([0.2 + 0.2 * order[0], 0.9 if order[0] == 0 else 0.1])

    for request in range(6000):
        order, propensities = logged.draw(scores, 2, random)
        clicks = random.random(2) < rate(order)
        rows += [(request, j, propensities[j], clicks[j]) for j in (1, 0)]
        target += wanted.propensities(scores, order)[::-1].tolist()
    log = pd.DataFrame(rows, columns=["request", "position", "propensity", "click"])
    true = 0.0
    for order in ([a, b] for a in range(3) for b in range(3) if a != b):
        chance = wanted.propensities(scores, np.array(order)).prod()
        true += chance * rate(order).mean()
    found = off_policy_value(log, np.array(target), given_above=True)
    alone = off_policy_value(log, np.array(target))
    assert found.low < true < found.high
    assert not alone.low < true < alone.high


@pytest.mark.parametrize(
    ("log", "target", "said"),
    [
        ({"click": [1]}, [1.0], "no column 'propensity', it has click.*--explore"),
        ({"propensity": [1.0]}, [1.0], "no column 'click', it has propensity"),
        ({"propensity": [0.5, 0.0], "click": [1, 0]}, [1, 1], "1 of 2 rows.*such as 0 in row 1"),
        ({"propensity": [1.5], "click": [1]}, [1.0], "such as 1.5 in row 0"),
        ({"propensity": [np.nan], "click": [1]}, [1.0], "such as nan in row 0"),
        ({"propensity": [1.0], "click": [np.nan]}, [1.0], "click: expected finite"),
        ({"propensity": [1.0], "click": [1]}, [1.0, 1.0], r"each of the 1 rows.*\(2,\)"),
        ({"propensity": [1.0], "click": [1]}, [2.0], "from 0 to 1, got 2 in row 0"),
        ({"propensity": [], "click": []}, [], "no rows"),
        ({"propensity": [1.0] * 9, "click": [1] * 9}, [0.0] * 9, "100.00% of the target's"),
        ({"propensity": [0.1] * 9, "click": [1] * 9}, [0.9] * 9, "must be 1.*sum to more than 1"),
    ],
)
def test_refused(log, target, said):
    with pytest.raises(InputError, match=said):
        off_policy_value(pd.DataFrame(log), target)


def test_a_target_outside_of_the_support_is_refused_with_its_share():
    """The log never shows item 3, which the target shows with (0.4 + 0.7) / 2."""
    log, context, target = draw(20_000, 3)
    shown = (log["item"] != 3).to_numpy()
    log, target = log[shown].assign(propensity=lambda one: one["propensity"] / 0.9), target[shown]
    with pytest.raises(InputError, match=r"about 5\d\.\d\d% of the target's probability is on"):
        off_policy_value(log, target)
    with pytest.raises(InputError, match=r"^5[45]\.\d\d% of the target's probability"):
        off_policy_value(log, target, uncovered=TARGET[context[shown], 3])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"estimator": "switch"}, "one of ips, snips, dr, got 'switch'"),
        ({"estimator": "dr"}, "expected a RewardModel"),
        ({"model": RewardModel(np.ones(1), np.ones(1))}, "for no other"),
        ({"clip": 0}, "above 0, such as 100: got 0"),
        ({"given_above": True}, "'request' and 'position'"),
        ({"estimator": "dr", "model": RewardModel(np.ones(2), np.ones(1))}, "model.logged"),
    ],
)
def test_wrong_arguments(arguments, said):
    log = pd.DataFrame({"propensity": [1.0], "click": [1]})
    with pytest.raises(InputError, match=said):
        off_policy_value(log, [1.0], **arguments)
