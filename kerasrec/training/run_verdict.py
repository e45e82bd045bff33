"""The verdict on a finished run, from its metrics."""

from kerasrec.config.cutoffs import nearest_to_default, smaller_is_better
from kerasrec.metrics import SAMPLED
from kerasrec.training.verdict import Measured, verdict


def run_verdict(metrics, history, monitor):
    """The `Verdict` of a run that ranks, None of one that measured nothing.

    Args:
        metrics: As metrics.json holds them.
        history: Logs of the epochs.
        monitor: `train.monitor` of the config, which chose the epoch.
    """
    if not metrics["rows"]:
        return None
    metric = f"ndcg@{nearest_to_default(metrics['ks'])}"
    row = metrics["rows"][0]
    if metric not in row["metrics"]:
        metric = f"{SAMPLED}{metric}"
    monitored = f"val_{monitor}"
    curve = [logs[monitored] for logs in history if monitored in logs]
    # A model of ratings is no ranker, and an error falls.
    if metrics["ratings"] or smaller_is_better(monitor or ""):
        curve, baselines = [-value for value in curve], []
    else:
        baselines = metrics["above"]
    name = row["model"]
    measured = Measured(
        name=name,
        metric=metric,
        test=row["metrics"][metric],
        users=metrics["n_queries"],
        above={one["model"]: one["metrics"][metric] for one in baselines},
        validation=max(curve) if curve and monitor == metric else None,
        curves={name: curve} if curve and monitor == metric else {},
    )
    return verdict(measured)
