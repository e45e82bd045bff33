"""Bootstrap intervals of metrics over requests."""

import numpy as np

from kerasrec.evaluation.ratios import check_resamples


def intervals(metrics, num_requests, resamples=200, seed=0, level=0.95):
    """The values of metrics with percentile bootstrap intervals.

    Requests are resampled with replacement, not rows: the rows of a request are alike. All metrics
    see the same resamples, so a difference of two metrics is a metric as well. A resample in which
    a metric does not exist is not counted for it.

    Args:
        metrics: dict name -> function of counts float64 `(num_requests,)` to a float or None.
        num_requests: Number of requests.
        resamples: At least 2, or 0 for no intervals.
        seed: Of the resamples.
        level: Share of the resamples inside of the interval.

    Returns:
        dict name -> `{"mean", "low", "high"}`, floats; low and high are None without an interval,
        which needs two requests. A metric that does not exist is None.

    Source: Efron, Tibshirani, An introduction to the bootstrap (1993), 13.3.

    >>> mean = lambda counts: float(counts @ [0.0, 1.0] / counts.sum())
    >>> intervals({"mean": mean}, num_requests=2)
    {'mean': {'mean': 0.5, 'low': 0.0, 'high': 1.0}}
    """
    check_resamples(resamples)
    whole = {name: metric(np.ones(num_requests)) for name, metric in metrics.items()}
    draws = {name: [] for name, value in whole.items() if value is not None}
    # Synthetic data is often drawn from the same seed: its stream must not come again.
    random = np.random.default_rng([seed, 2])
    for _ in range(resamples if num_requests > 1 and draws else 0):
        drawn = random.integers(0, num_requests, num_requests)
        # Metrics multiply the counts with float64.
        counts = np.bincount(drawn, minlength=num_requests).astype("float64")
        for name, values in draws.items():
            if (value := metrics[name](counts)) is not None:
                values.append(value)
    tails = [(1 - level) / 2, (1 + level) / 2]
    return {
        name: None if value is None else _with_interval(value, draws[name], tails)
        for name, value in whole.items()
    }


def _with_interval(value, draws, tails):
    low, high = map(float, np.quantile(draws, tails)) if draws else (None, None)
    return {"mean": value, "low": low, "high": high}
