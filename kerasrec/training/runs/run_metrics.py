"""The results of a run: what metrics.json and the card of its checkpoint hold."""

import math
import os
import time

from kerasrec.config.cutoffs import smaller_is_better
from kerasrec.library_versions import library_versions
from kerasrec.training.runs.query_fingerprint import query_fingerprint


def run_metrics(config, data, split, model, history, evaluation, ratings):
    """The results of a run and what they were measured on.

    Args:
        config: `RunConfig`.
        data, split: As `read_split` gives them.
        model: The fitted `Recommender`.
        history: Logs of the epochs.
        evaluation: `Evaluation` of the test part, None where the split has none.
        ratings: That of predicted values, or None.

    Returns:
        A dict of plain values. `rows` is empty where nothing was measured, and `notes` say so.
    """
    return {
        "dataset": data.name,
        "model_class": config.model.class_,
        "trainable_weights": num_trainable(model),
        "seed": config.train.seed,
        "epochs": len(history),
        "best_epoch": best_epoch(history, config.train.monitor),
        "data": data.report.to_dict() if data.report else None,
        "queries": _queries(config, split) if evaluation else None,
        **(evaluation.to_dict() if evaluation else _nothing_measured(split)),
        "leakage": _leakage(evaluation, config),
        "ratings": ratings and ratings.to_dict(),
    }


def card_facts(config, data, split, history, evaluations):
    """What the card of a checkpoint says of its run, see `kerasrec.models.checkpoints.card`."""
    return {
        "dataset": data.name,
        "data": data.report.lines() if data.report else [],
        "split": split.protocol if config.split.holds_out else None,
        "seed": config.train.seed,
        "epochs": len(history),
        "best_epoch": best_epoch(history, config.train.monitor),
        "evaluations": [each.to_dict() for each in evaluations if each],
    }


def environment():
    """The processors and the versions of what a run is made with."""
    return {"cpu_cores": os.cpu_count(), "versions": library_versions()}


def utc_now():
    """The time as ISO 8601 in UTC, to the second."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def best_epoch(history, monitor):
    """The number, from 1, of the epoch with the best monitored metric, of equal ones the first.

    Only epochs that were validated count. The last epoch where none was, None without epochs.

    >>> best_epoch([{"val_ndcg@10": 0.1}, {"loss": 1.0}, {"val_ndcg@10": 0.3}], "ndcg@10")
    3
    """
    name = f"val_{monitor}"
    monitored = {epoch: logs[name] for epoch, logs in enumerate(history, 1) if name in logs}
    if not monitored:
        return len(history) or None
    return (min if smaller_is_better(monitor) else max)(monitored, key=monitored.get)


def num_trainable(model):
    """How many numbers the trainable weights of a model have."""
    return sum(math.prod(weight.shape) for weight in model.trainable_weights)


def _nothing_measured(split):
    return {"rows": [], "ks": [], "protocol": split.protocol, "notes": list(split.notes)}


def _queries(config, split):
    return query_fingerprint(split, "test", config.evaluate.users)


def _leakage(evaluation, config):
    """How much of the test part the weights have seen, and where those come from."""
    leakage = evaluation and evaluation.leakage
    return leakage and {**leakage, "from": config.init_from or config.content_from}
