"""The metrics of one task of a ranker."""

from kerasrec.evaluation.impressions.bootstrap import intervals
from kerasrec.evaluation.impressions.metrics_of_kind import metrics_of_kind
from kerasrec.evaluation.impressions.notes_on import notes_on
from kerasrec.evaluation.impressions.predictions import Predictions


def task_metrics(
    labels,
    predictions,
    kind="probability",
    requests=None,
    users=None,
    weights=None,
    ks=(),
    bootstrap=0,
    seed=0,
):
    """The metrics of one task, with bootstrap intervals over requests.

    | kind | labels | predictions | metrics |
    |---|---|---|---|
    | "probability" | 0 or 1 | in [0, 1] | those of "score", `accuracy`, `log_loss`,
      `normalised_entropy`, `calibration_ratio`, `ece` |
    | "score" | 0 or 1 | any order | `auc`, `ctr`, `user_auc`, `request_auc`, `ndcg@k`,
      `recall@k`, `ctr@k` |
    | "count" | counts or seconds, 0 or more | above 0 | `mae`, `rmse`, `poisson_deviance`,
      `calibration_ratio` |

    Args:
        labels: `(n,)`; rows with a NaN label are left out.
        predictions: `(n,)`.
        kind: What the task predicts, see the table.
        requests: Ids `(n,)` of requests: the unit of the bootstrap, of `request_auc` and of the
            metrics at a cut-off. None: each row is a request, and these metrics are left out.
        users: Ids `(n,)` for `user_auc`; None leaves it out.
        weights: Weights of rows `(n,)`; metrics at a cut-off do not read them.
        ks: Cut-offs.
        bootstrap: Resamples, 0 for no intervals.
        seed: Of the resamples.

    Returns:
        `(metrics, notes)`: dict name -> `{"mean", "low", "high"}`, or None where the metric does
        not exist, such as AUC with one class; and sentences on what was left out.

    Raises:
        InputError: for an unknown kind, labels or predictions that do not fit it, lengths that
            differ, or cut-offs without requests.

    Example:

    >>> from kerasrec.evaluation.impressions import task_metrics
    >>> found, notes = task_metrics([1, 0, 1], [0.75, 0.5, 0.25])
    >>> found["auc"]["mean"], found["calibration_ratio"]["mean"]
    (0.5, 0.75)
    """
    rows = Predictions(labels, predictions, requests, weights)
    metrics, notes = metrics_of_kind(rows, kind, requests, users, ks)
    found = intervals(metrics, rows.num_requests, bootstrap, seed)
    if found.get("ece") and bootstrap:
        notes += ("The interval of ece lies too high: resamples add noise to every bin.",)
    return found, (*notes, *notes_on(rows, found))
