"""Offline evaluation of rankers on impressions."""

import time

import numpy as np

from kerasrec.evaluation.groups import GROUPS, HOT_ITEM, HOT_USER, group_of
from kerasrec.evaluation.impressions.ranker_evaluation import RankerEvaluation
from kerasrec.evaluation.impressions.reliability import reliability_table
from kerasrec.evaluation.impressions.task_metrics import task_metrics
from kerasrec.evaluation.rows import names_of

# What `task_metrics` calls the kinds of tasks.
KINDS = {"binary": "probability", "count": "count", "seconds": "count"}
POSITIONS = 10


def evaluate_ranker(
    model, split, part="test", baselines=(), ks=(), bootstrap=200, seed=0, groups=True
):
    """Compares what a ranker predicts with the labels of a part, task by task.

    Args:
        model: An adapted `Ranker`.
        split: `ImpressionSplit`.
        part: "validation" or "test".
        baselines: Adapted models with `predict_impressions`.
        ks: Cut-offs within a request; only read where the data has requests.
        bootstrap: Resamples of requests for the intervals; 0 for none.
        seed: Of the resamples.
        groups: Also measure by how often item and user are in train, and by position.

    Returns:
        `RankerEvaluation`. Tasks of kind rating are measured by their errors.
    """
    started = time.perf_counter()
    data = getattr(split, part)
    weights = data.row_weights()
    requests = data.request
    users = data.user if len(data.users) > 2 else None
    rows, notes, reliability, found = [], list(split.notes), {}, []
    models = [model, *baselines]
    names = names_of(models)
    for name, each in zip(names, models, strict=True):
        begun = time.perf_counter()
        predictions = each.predict_impressions(data)
        seconds, metrics = time.perf_counter() - begun, {}
        for task in data.tasks:
            if task.name not in predictions:
                continue
            label, predicted = data.labels[task.name], predictions[task.name]
            if task.kind == "rating":
                measured, said = _errors(label, predicted, weights), ()
            else:
                measured, said = task_metrics(
                    label,
                    predicted,
                    KINDS[task.kind],
                    requests,
                    users if task.kind == "binary" else None,
                    weights,
                    ks if requests is not None and task.kind == "binary" else (),
                    bootstrap,
                    seed,
                )
            metrics |= {f"{task.name}.{key}": value for key, value in measured.items()}
            if each is model:
                notes += [f"{task.name}: {sentence}" for sentence in said]
                if task.kind == "binary":
                    reliability[task.name] = reliability_table(label, predicted, weights)
        rows.append({"model": name, "metrics": metrics, "seconds": seconds})
        if groups:
            found += _groups(name, split.train, data, predictions)
    return RankerEvaluation(
        rows=rows,
        groups=found,
        reliability=reliability,
        tasks=tuple(task.name for task in data.tasks),
        protocol=split.protocol,
        part=part,
        n_queries=len(np.unique(data.requests())),
        n_rows=len(data),
        seconds={
            "total": time.perf_counter() - started,
            "ranking": sum(row["seconds"] for row in rows),
        },
        notes=tuple(notes),
        ks=tuple(ks) if requests is not None else (),
    )


def _groups(name, train, data, predictions):
    """AUC of the first binary task by how often item and user are in train, and by position."""
    task = next((task.name for task in data.tasks if task.kind == "binary"), None)
    if task is None or task not in predictions:
        return []
    label, predicted, sides = data.labels[task], predictions[task], {}
    weights = data.row_weights()
    for side, hot in (("item", HOT_ITEM), ("user", HOT_USER)):
        size = len(getattr(data, f"{side}s"))
        if size > 2:
            counts = np.bincount(getattr(train, side), minlength=size)
            group = group_of(counts[getattr(data, side)], hot)
            sides[side] = {each: group == i for i, each in enumerate(GROUPS)}
    if data.position is not None:
        positions = np.unique(data.position)[:POSITIONS]
        sides["position"] = {str(one): data.position == one for one in positions}
    return [
        {
            "model": name,
            "by": side,
            "group": group,
            "n": int(inside.sum()),
            "metrics": _auc(task, label, predicted, weights, inside),
        }
        for side, parts in sides.items()
        for group, inside in parts.items()
    ]


def _auc(task, label, predicted, weights, inside):
    label, predicted = label[inside], predicted[inside]
    weights = None if weights is None else weights[inside]
    if not np.isfinite(label).any():
        return {}
    return {f"{task}.auc": task_metrics(label, predicted, "score", weights=weights)[0]["auc"]}


def _errors(label, predicted, weights):
    known = ~np.isnan(label)
    difference = (predicted - label)[known].astype("float64")
    weights = None if weights is None else weights[known]
    if not len(difference) or (weights is not None and not weights.any()):
        return {"rmse": None, "mae": None}
    squared = np.average(difference**2, weights=weights)
    values = {"rmse": np.sqrt(squared), "mae": np.average(np.abs(difference), weights=weights)}
    return {key: {"mean": float(one), "low": None, "high": None} for key, one in values.items()}
