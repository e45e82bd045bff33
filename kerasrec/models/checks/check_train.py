"""Checks that the data given to `adapt` fits the model."""

from kerasrec.data.impressions import Impressions
from kerasrec.data.interactions import Interactions
from kerasrec.data.read_labels import constant_label
from kerasrec.errors import InputError


def check_train(model, train):
    """Raises an `InputError` if the data is no table, does not fit the schema, or is empty.

    Args:
        model: A `Recommender`.
        train: The argument of its `adapt`.
    """
    name = type(model).__name__
    if not isinstance(train, Interactions):
        raise InputError(
            f"{name}.adapt: expected Interactions, such as split.train, got {type(train).__name__}"
        )
    _check_schema(model.schema, train)
    if not train.item_counts().any():
        raise InputError(
            f"{name}.adapt: expected interactions, got none: check the filters and the split of "
            "the data"
        )


def check_impressions(model, train):
    """Raises an `InputError` if the data is no impressions, does not fit the schema, or is empty.

    Args:
        model: A `Ranker`.
        train: The argument of its `adapt`.
    """
    name = type(model).__name__
    if not isinstance(train, Impressions):
        raise InputError(
            f"{name}.adapt: expected Impressions, what was shown with its labels, got "
            f"{type(train).__name__}: read them with Impressions.from_frame, or in a config give "
            "data.impressions"
        )
    _check_schema(model.schema, train)
    if not len(train):
        raise InputError(f"{name}.adapt: expected impressions, got none: check the split")
    for label, values in train.labels.items():
        if (problem := constant_label(label, values)) is not None:
            raise InputError(
                f"{name}.adapt: {problem} in the train part: there is nothing to learn from it; "
                "leave that label out, or check the split"
            )


def _check_schema(schema, train):
    actual = train.schema(schema.history_length)
    sizes = ("num_users", "num_items", "num_behaviors", "timed")
    for field in (*sizes, "user_features", "item_features", "context_features", "tasks", "crosses"):
        if field in ("num_behaviors", "timed") and not getattr(schema, field):
            continue  # a model may ignore the behaviors and times of the data
        if getattr(actual, field) != getattr(schema, field):
            raise InputError(
                f"the model was built for another data set: {field} is {getattr(schema, field)} in "
                f"its schema, {getattr(actual, field)} in this data; build it with train.schema()"
            )
