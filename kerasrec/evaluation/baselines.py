"""The baselines that an evaluation shows beside a model."""

from kerasrec.config.model_class import find_model_class
from kerasrec.errors import InputError
from kerasrec.id_list import id_list

BASELINES = ("Popularity", "ItemKNN")


def adapted(baselines, split, model_class, history_length):
    """The adapted models of `baselines`.

    Args:
        baselines: names of model classes, built here and adapted to the train part, or adapted
            models, which are returned as they are; None for none.
        split: Split.
        model_class: class of the evaluated model; a name of this class is left out.
        history_length: for the schema of the models that are built.

    Raises:
        InputError: for a baseline that must be trained, or needs features that the data does not
            have. All are built before the first is adapted.
    """
    schema, models = split.train.schema(history_length), []
    for baseline in id_list(
        () if baselines is None else baselines, "baselines", of="models or names"
    ):
        if not isinstance(baseline, str):
            models.append((baseline, False))
        elif (baseline_class := find_model_class(baseline)) is not model_class:
            models.append((_built(baseline_class, schema), True))
    for model, is_new in models:
        if is_new:
            model.adapt(split.train)
    return [model for model, _ in models]


def _built(baseline_class, schema):
    name = baseline_class.__name__
    try:
        model = baseline_class(schema)
    except InputError as error:
        raise InputError(f"baseline {name}: {error}") from error
    if model.trainable_weights:
        raise InputError(
            f"baseline {name} must be trained, and a baseline is only adapted: use one that "
            "counts or solves, such as Popularity or ItemKNN; in Python, pass a fitted model"
        )
    return model
