"""Offline evaluation of predicted values: ratings or labels."""

import time

import numpy as np

from kerasrec import metrics
from kerasrec.evaluation.draw_users import draw_users
from kerasrec.evaluation.evaluation import Evaluation
from kerasrec.evaluation.groups import GROUPS
from kerasrec.evaluation.inputs import check_model
from kerasrec.evaluation.leakage import leaked_pairs
from kerasrec.evaluation.rated_pairs import RatedPairs
from kerasrec.evaluation.ratios import Ratios, check_resamples
from kerasrec.evaluation.rows import group_rows, model_rows, names_of
from kerasrec.evaluation.value_kind import predicts_values_of, value_kind

_Z = 1.959963984540054  # the normal 97.5 % quantile


def evaluate_ratings(
    model,
    split,
    part="test",
    baselines=(),
    batch_size=8192,
    seed=0,
    bootstrap=1000,
    from_logits=False,
    users=None,
):
    """Scores the interactions of a part and compares the scores with their values.

    Labels (values 0 and 1 only) give AUC, log loss and accuracy, other values RMSE and MAE. All
    interactions count the same; groups are by the interaction's item and user, as in `evaluate`.
    The 95 % intervals resample users with all their interactions; that of AUC is the normal one
    with DeLong's variance, which takes interactions as independent.

    Args:
        model: an adapted Recommender.
        split: a Split of data whose vocabularies are the model's, possibly grown since.
        part: "validation" or "test".
        baselines: adapted Recommenders to measure beside the model.
        batch_size: interactions scored at a time.
        seed, bootstrap: seed and number of resamples of the intervals; with 0 resamples there are
            none, not for AUC either.
        from_logits: the model's scores of labels are logits, to be passed through a sigmoid.
        users: how many users' interactions count, drawn as by `evaluate`; None for all.

    Returns:
        An Evaluation with `ks` empty and no deciles.

    Raises:
        InputError: all values are equal, so there is nothing to predict; labels with scores outside
            [0, 1] and without `from_logits`; an unknown part; a model adapted to other users or
            items.
    """
    started = time.perf_counter()
    check_resamples(bootstrap)
    models = [model, *baselines]
    for each in models:
        check_model(each, split.train)
    chosen, drawn = draw_users(split, part, users, seed)
    pairs = RatedPairs(split, part, chosen)
    ratios = Ratios(pairs.num_users)
    names, seconds, aucs, groups = names_of(models), [], {}, []
    for name, each in zip(names, models, strict=True):
        scores, spent = pairs.score(each, batch_size)
        seconds.append(spent)
        if pairs.labels and from_logits:
            scores = np.exp(-np.logaddexp(0.0, -scores))
        aucs |= _add(pairs, ratios, (name, "all"), scores, slice(None), bootstrap)
        for by, group_of_pair in pairs.groups.items():
            for i, group in enumerate(GROUPS):
                inside = np.flatnonzero(group_of_pair == i)
                if len(inside):
                    aucs |= _add(pairs, ratios, (name, by, group), scores, inside, bootstrap)
                groups.append({"model": name, "by": by, "group": group})
                groups[-1] |= {"n": len(np.unique(pairs.query[inside])), "pairs": len(inside)}
    found = _rooted(ratios.intervals(bootstrap, seed)) | aucs
    return Evaluation(
        rows=model_rows(found, names, seconds),
        groups=group_rows(found, groups),
        deciles=[],
        ks=(),
        protocol=split.protocol,
        part=part,
        n_queries=pairs.num_users,
        seconds={"total": time.perf_counter() - started, "ranking": sum(seconds)},
        notes=(*split.notes, *drawn),
        leakage=leaked_pairs(model.trained_on, split, part),
    )


def evaluate_predicted_values(model, split, part, loss, bootstrap=1000, users=None):
    """`evaluate_ratings` of a model that predicts the values of a part, None for any other model.

    Args:
        model: An adapted `Recommender`.
        split: `Split`.
        part: "validation" or "test".
        loss: `train.loss` of the model's config, see `predicts_values_of`.
        bootstrap, users: As for `evaluate_ratings`.
    """
    if not predicts_values_of(model, split, part, loss):
        return None
    return evaluate_ratings(
        model,
        split,
        part=part,
        bootstrap=bootstrap,
        from_logits=value_kind(split, part) == "labels",
        users=users,
    )


def _add(pairs, ratios, scope, scores, inside, bootstrap):
    """Adds the metrics of some pairs; returns AUC, which is not a ratio of sums over users."""
    values, scores, query = pairs.values[inside], scores[inside], pairs.query[inside]
    counts = np.bincount(query, minlength=pairs.num_users)
    if pairs.labels:
        losses = {
            "log_loss": metrics.cross_entropy(values, scores),
            "accuracy": 1.0 * metrics.told_right(values, scores),
        }
    else:
        losses = {"rmse": np.square(scores - values), "mae": np.abs(scores - values)}
    for name, loss in losses.items():
        sums = np.bincount(query, weights=loss, minlength=pairs.num_users)
        ratios.add((*scope, name), sums, counts)
    if not pairs.labels or min((values == 0).sum(), (values == 1).sum()) < 2:
        return {}
    mean = metrics.auc(values, scores)
    half = _Z * np.sqrt(metrics.auc_variance(values, scores)) if bootstrap else np.nan
    # NaN, no interval, stays NaN in clip, unlike in min and max
    low, high = np.clip([mean - half, mean + half], 0.0, 1.0)
    return {(*scope, "auc"): {"mean": mean, "low": float(low), "high": float(high)}}


def _rooted(found):
    """Takes the root of mean squared errors and of their bounds, which the root keeps in order."""
    return {
        key: {name: float(np.sqrt(x)) for name, x in value.items()} if key[-1] == "rmse" else value
        for key, value in found.items()
    }
