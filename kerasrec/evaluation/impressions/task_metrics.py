"""The metrics of one task of a ranker."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.evaluation.impressions import auc, in_requests, ratio, reliability
from kerasrec.evaluation.impressions.bootstrap import intervals
from kerasrec.evaluation.impressions.predictions import Predictions

KINDS = ("probability", "score", "count")


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
    | "probability" | 0 or 1 | in [0, 1] | those of "score", `log_loss`, `normalised_entropy`,
      `calibration_ratio`, `ece` |
    | "score" | 0 or 1 | any order | `auc`, `user_auc`, `request_auc`, `ndcg@k`, `recall@k` |
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
    of = Predictions(labels, predictions, requests, weights)
    metrics, notes = _prepared(of, kind, requests, users, ks)
    found = intervals(metrics, of.num_requests, bootstrap, seed)
    return found, (*_missing(of), *notes, *_undefined(of, found))


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
        of = Predictions(labels, each, requests, weights)
        metrics, notes = _prepared(of, kind, requests, users, ks)
        pairs.append(metrics)
    differences = {name: _minus(pairs[0][name], pairs[1][name]) for name in pairs[0]}
    found = intervals(differences, of.num_requests, bootstrap, seed)
    return found, (*_missing(of), *notes, *_undefined(of, found))


def _prepared(of, kind, requests, users, ks):
    """The metrics of a kind, dict name -> function of counts, and notes on groups left out."""
    if kind not in KINDS:
        raise InputError(f"kind: expected one of {', '.join(KINDS)}, received {kind!r}")
    if kind == "count":
        names = ("mae", "rmse", "poisson_deviance", "calibration_ratio")
        return {name: getattr(ratio, name)(of) for name in names}, ()
    if len(ks) and requests is None:
        raise InputError("ks: metrics at a cut-off need the request of each row: give `requests`")
    wrong = of.labels[(of.labels != 0) & (of.labels != 1)]
    if len(wrong):
        raise InputError(
            f"labels: expected 0, 1 or NaN, received {wrong[0]:g}; "
            "use kind='count' for counts and seconds"
        )
    metrics, notes = {"auc": auc.auc(of)}, []
    groups = {} if users is None else {"user": of.rows_of("users", users)}
    groups |= {} if requests is None else {"request": of.requests}
    for name, group in groups.items():
        metrics[f"{name}_auc"] = auc.grouped_auc(of, group)
        both = auc.has_both_classes(of, group)
        if not both.all():
            notes.append(
                f"{name}_auc leaves out {np.count_nonzero(~both):,} of {len(both):,} {name}s, "
                "whose labels are all equal."
            )
    for k in ks:
        metrics |= {f"ndcg@{k}": in_requests.ndcg(of, k), f"recall@{k}": in_requests.recall(of, k)}
    if len(ks) and (empty := int((np.bincount(of.requests, of.labels) == 0).sum())):
        notes.append(
            f"Metrics at a cut-off leave out {empty:,} of {of.num_requests:,} requests, which have "
            "no positive."
        )
    if kind == "probability":
        for name in ("log_loss", "normalised_entropy", "calibration_ratio"):
            metrics[name] = getattr(ratio, name)(of)
        metrics["ece"] = reliability.expected_calibration_error(of)
    return metrics, tuple(notes)


def _minus(one, other):
    def value(counts):
        first, second = one(counts), other(counts)
        return None if first is None or second is None else first - second

    return value


def _missing(of):
    missing = np.count_nonzero(~of.known)
    if missing:
        yield f"{missing:,} of {len(of.known):,} rows have no label and are left out."


def _undefined(of, found):
    names = [name for name, value in found.items() if value is None]
    if not names:
        return
    values = np.unique(of.labels)
    if not len(values):
        why = "there is no label"
    elif len(values) == 1:
        why = f"all labels are {values[0]:g}"
    elif not of.weights.any():
        why = "all weights are 0"
    else:
        why = "no group has both classes"
    yield f"{', '.join(names)}: not defined, since {why}."
