"""Which metrics a task has, by the kind of its predictions."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.evaluation.impressions import auc, in_requests, ratio, reliability

KINDS = ("probability", "score", "count")


def metrics_of_kind(rows, kind, requests, users, ks):
    """The metrics of a kind, prepared for resamples.

    Args:
        rows: `Predictions`.
        kind, requests, users, ks: As for `task_metrics`.

    Returns:
        `(metrics, notes)`: dict name -> function of counts `(num_requests,)` to a float or None,
        and sentences on the groups that are left out.
    """
    if kind not in KINDS:
        raise InputError(f"kind: expected one of {', '.join(KINDS)}, received {kind!r}")
    if kind == "count":
        names = ("mae", "rmse", "poisson_deviance", "calibration_ratio")
        return {name: getattr(ratio, name)(rows) for name in names}, ()
    if len(ks) and requests is None:
        raise InputError("ks: metrics at a cut-off need the request of each row: give `requests`")
    wrong = rows.labels[(rows.labels != 0) & (rows.labels != 1)]
    if len(wrong):
        raise InputError(
            f"labels: expected 0, 1 or NaN, received {wrong[0]:g}; "
            "use kind='count' for counts and seconds"
        )
    metrics, notes = {"auc": auc.auc(rows), "ctr": ratio.ctr(rows)}, []
    groups = {} if users is None else {"user": rows.rows_of("users", users)}
    groups |= {} if requests is None else {"request": rows.requests}
    for name, group in groups.items():
        metrics[f"{name}_auc"] = auc.grouped_auc(rows, group)
        both = auc.has_both_classes(rows, group)
        if not both.all():
            notes.append(
                f"{name}_auc leaves out {np.count_nonzero(~both):,} of {len(both):,} {name}s, "
                "whose labels are all equal."
            )
    for k in ks:
        metrics |= {
            f"ndcg@{k}": in_requests.ndcg(rows, k),
            f"recall@{k}": in_requests.recall(rows, k),
            f"ctr@{k}": in_requests.ctr(rows, k),
        }
    if len(ks) and (empty := int((np.bincount(rows.requests, rows.labels) == 0).sum())):
        notes.append(
            f"ndcg and recall at a cut-off leave out {empty:,} of {rows.num_requests:,} requests, "
            "which have no positive."
        )
    if kind == "probability":
        for name in ("accuracy", "log_loss", "normalised_entropy", "calibration_ratio"):
            metrics[name] = getattr(ratio, name)(rows)
        metrics["ece"] = reliability.expected_calibration_error(rows)
    return metrics, tuple(notes)
