"""Estimates what a policy earns from the log of another one."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.evaluation.clustered_ratio import clustered_ratio
from kerasrec.evaluation.off_policy.check_log import check_log, check_target
from kerasrec.evaluation.off_policy.check_support import check_support
from kerasrec.evaluation.off_policy.policy_value import PolicyValue

ESTIMATORS = ("ips", "snips", "dr")


def off_policy_value(
    log, target, estimator="snips", *, reward="click", model=None, clip=None, given_above=False,
    uncovered=None, level=0.95,
):  # fmt: skip
    """The mean reward of a shown item under the target policy, from a log with propensities.

    A row of the log is an item at a position of a request. Its weight w is the target's probability
    of this item there over the logged one, r its reward and q a prediction of it:

        IPS    mean of w r
        SNIPS  sum of w r / sum of w
        DR     mean of  E_target[q] + w (r - q)

    IPS is unbiased; SNIPS is consistent and varies less; DR is unbiased with any q that was learned
    from other rows, and varies less the better it predicts. For lists the reward is a sum over
    positions, and each position is weighted by its own probability (item-position model). With
    `given_above` the probabilities are those given the items above; then w is the product of the
    ratios down to the position, which also holds where a reward depends on what is above it.

    Intervals are those of the delta method, `clustered_ratio`, with requests as the sample.

    Args:
        log: DataFrame with `propensity` and the reward; `request` where several rows are of one,
            and `position` for `given_above`.
        target: `(n,)`, the target's probability of the logged item at its position.
        estimator: "ips", "snips" or "dr".
        reward: Name of the column with the reward.
        model: `RewardModel`, for "dr".
        clip: Largest weight; None for no clipping. It makes estimates steadier and biased; the
            result says how much was cut.
        given_above: Whether propensities and target are probabilities given the items above.
        uncovered: See `check_support`.
        level: Of the interval.

    Returns:
        `PolicyValue`.

    Raises:
        InputError: for a log without propensities, values out of range, or a target that shows what
            the log does not cover.

    Source: Horvitz and Thompson (1952); Swaminathan and Joachims, The self-normalized estimator,
    NeurIPS 2015; Dudik, Langford, Li, Doubly robust policy evaluation and learning, ICML 2011; Li
    et al., Offline evaluation of ranking policies with click models, KDD 2018; McInerney et al.,
    Counterfactual evaluation of slate recommendations with sequential reward interactions, 2020.

    >>> import pandas as pd
    >>> log = pd.DataFrame({"propensity": [0.5] * 4, "click": [1, 0, 0, 1]})
    >>> found = off_policy_value(log, [0.9, 0.1, 0.1, 0.9])
    >>> round(found.value, 4), round(found.effective, 2)
    (0.9, 2.44)
    """
    if estimator not in ESTIMATORS:
        raise InputError(f"estimator: expected one of {', '.join(ESTIMATORS)}, got {estimator!r}")
    if (estimator == "dr") != (model is not None):
        raise InputError("model: expected a RewardModel for the estimator dr, and for no other")
    if clip is not None and not 0.0 < clip < np.inf:
        raise InputError(f"clip: expected None or a weight above 0, such as 100: got {clip}")
    propensity, rewards = check_log(log, reward)
    raw = check_target(target, len(log)) / propensity
    requests = np.asarray(log["request"]) if "request" in log else None
    if given_above:
        raw = _products(raw, log, requests)
    check_support(raw, requests, uncovered)
    weights = raw if clip is None else np.minimum(raw, clip)
    found = clustered_ratio(*_parts(estimator, weights, rewards, model), requests, level)
    whole = clustered_ratio(*_parts(estimator, raw, rewards, model), requests, level)
    squares = np.sum(weights**2)
    return PolicyValue(
        estimator=estimator,
        value=found.value,
        low=found.low,
        high=found.high,
        level=level,
        logged=float(rewards.mean()),
        rows=len(log),
        requests=found.clusters,
        effective=float(weights.sum() ** 2 / squares) if squares else 0.0,
        mean_weight=float(weights.mean()),
        clip=clip,
        clipped=float(np.mean(raw > weights)),
        removed=float(1 - weights.sum() / raw.sum()),
        unclipped=whole.value,
    )


def _parts(estimator, weights, rewards, model):
    """Numerators and denominators whose ratio is the estimate."""
    if estimator == "dr":
        logged, expected = (np.asarray(one, dtype="float64") for one in model)
        for name, one in (("logged", logged), ("expected", expected)):
            if one.shape != rewards.shape or not np.isfinite(one).all():
                raise InputError(
                    f"model.{name}: expected a finite number for each of the {len(rewards)} rows"
                )
        return expected + weights * (rewards - logged), 1.0
    return weights * rewards, weights if estimator == "snips" else 1.0


def _products(ratios, log, requests):
    """The products of the ratios of a request, from its first position down to each row."""
    if requests is None or "position" not in log:
        raise InputError("given_above needs the columns 'request' and 'position' in the log")
    order = np.lexsort((np.asarray(log["position"]), requests))
    found = np.empty(len(ratios))
    starts = np.flatnonzero(np.r_[True, requests[order][1:] != requests[order][:-1]])
    for rows in np.split(order, starts[1:]):
        found[rows] = np.cumprod(ratios[rows])
    return found
