"""What a `Blend` may be made of."""

import numpy as np

from kerasrec.errors import InputError
from kerasrec.models.hooks import Hooks
from kerasrec.models.neighbours.neighbour_model import NeighbourModel
from kerasrec.models.recommender import Recommender
from kerasrec.models.tower_model import TowerModel


def checked_weights(given, number):
    """The weights of `number` parts, a list of floats; 1 each for None.

    Raises:
        InputError: for weights that are negative, not finite, all 0 or of another number.
    """
    if given is None:
        return [1.0] * number
    values = np.asarray(given, dtype="float64") if np.ndim(given) == 1 else np.zeros(0)
    if len(values) != number or not np.isfinite(values).all() or (values < 0).any():
        raise InputError(
            f"Blend: part_weights: expected {number} numbers of at least 0, one a model, got "
            f"{given!r}"
        )
    if not values.any():
        raise InputError("Blend: part_weights: all are 0, so no model counts: make one positive")
    return values.tolist()


def check_parts(models, blend_class, how):
    """Raises an `InputError` for models that cannot be blended.

    Args:
        models: List.
        blend_class: The class `Blend`, which may be a part itself.
        how: How the scores are added.
    """
    if len(models) < 2:
        raise InputError(f"Blend: expected at least two models, got {len(models)}")
    for place, model in enumerate(models):
        if not isinstance(model, Recommender):
            raise InputError(
                f"Blend: models[{place}]: expected a model, such as SASRec, got {model!r:.60}"
            )
        scores_all = isinstance(model, (TowerModel, NeighbourModel, blend_class))
        # One that ranks by something else than its scores, as decoding does, has none to add.
        if not scores_all or type(model).rank_catalog is not Hooks.rank_catalog:
            raise InputError(
                f"Blend: models[{place}]: {type(model).__name__} does not score all items: take "
                "towers, factor models and neighbour models; put rules and a ranker around the "
                "Blend"
            )
    _check_tasks(models, how)
    first, *others = models
    for place, model in enumerate(others, 1):
        if model is first or model in others[: place - 1]:
            raise InputError(f"Blend: models[{place}] is given twice: give a model of its own")
        if (first.items is None) != (model.items is None):
            raise InputError("Blend: some models are adapted, others not: adapt all, or none")
        _check_same(first, model, place)


def _check_tasks(models, how):
    """All parts predict ratings, or none does."""
    names = {model.predicts_values: type(model).__name__ for model in reversed(models)}
    if len(names) == 2:
        raise InputError(
            f"Blend: {names[True]} predicts ratings and {names[False]} ranks items, and the sum of "
            "both is neither: take models of one kind"
        )
    if how == "rating" and True not in names:
        raise InputError(
            f'Blend: how="rating" adds predicted ratings, and {names[False]} ranks items: take '
            'models such as BayesianMF and ItemKNN(task="rating"), or how="sum"'
        )


def _check_same(first, model, place):
    for side in ("users", "items"):
        sizes = [getattr(one.schema, f"num_{side}") for one in (first, model)]
        same = sizes[0] == sizes[1]
        if same and first.items is not None:
            ours, theirs = (getattr(one, side).vocabulary.ids for one in (first, model))
            same = np.array_equal(ours, theirs)
        if not same:
            raise InputError(
                f"Blend: models[{place}], {type(model).__name__}, has other {side} than "
                f"{type(first).__name__}: adapt all of them to the same train part"
            )
    for name, encoder in model.context.items():
        if name in first.context and not encoder.continues(first.context[name]):
            raise InputError(
                f"Blend: models[{place}], {type(model).__name__}, encodes the feature {name} of a "
                "request in another way: adapt all of them to the same train part"
            )
