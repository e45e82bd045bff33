"""The difference of two models in one task."""

from kerasrec.evaluation.impressions.bootstrap import intervals
from kerasrec.evaluation.impressions.metrics_of_kind import metrics_of_kind
from kerasrec.evaluation.impressions.notes_on import notes_on
from kerasrec.evaluation.impressions.predictions import Predictions


def task_differences(
    labels,
    predictions,
    others,
    kind="probability",
    requests=None,
    users=None,
    weights=None,
    ks=(),
    bootstrap=200,
    seed=0,
):
    """The metrics of one model minus those of another, on the same rows and resamples.

    Both models err on the same hard requests, so the interval of the difference is narrower than
    those of the two models suggest. The difference is significant at 5 % if it excludes 0.

    Args:
        predictions, others: `(n,)` of the model and of the one that is subtracted.
        labels, kind, requests, users, weights, ks, bootstrap, seed: As for `task_metrics`.

    Returns:
        `(differences, notes)`, as `task_metrics`.

    Example:

    >>> from kerasrec.evaluation.impressions import task_differences
    >>> found, _ = task_differences([1, 0, 1], [0.75, 0.5, 0.25], [0.75, 0.5, 0.625], bootstrap=0)
    >>> found["auc"]["mean"]
    -0.5
    """
    pairs, notes = [], ()
    for each in (predictions, others):
        rows = Predictions(labels, each, requests, weights)
        metrics, notes = metrics_of_kind(rows, kind, requests, users, ks)
        pairs.append(metrics)
    differences = {name: _minus(pairs[0][name], pairs[1][name]) for name in pairs[0]}
    found = intervals(differences, rows.num_requests, bootstrap, seed)
    return found, (*notes, *notes_on(rows, found))


def _minus(one, other):
    def value(counts):
        first, second = one(counts), other(counts)
        return None if first is None or second is None else first - second

    return value
