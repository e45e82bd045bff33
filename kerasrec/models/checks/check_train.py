"""What a model is adapted to must be what it was built for."""

from kerasrec.errors import InputError


def check_train(model, train):
    """Raises an `InputError` for no table, another shape than the schema's, or an empty table.

    Args:
        model: A `Recommender`.
        train: What its `adapt` was given.
    """
    name = type(model).__name__
    if not all(hasattr(train, method) for method in ("schema", "histories", "item_counts")):
        raise InputError(
            f"{name}.adapt: expected Interactions or a Scan, such as split.train, got "
            f"{type(train).__name__}"
        )
    _check_same_shape(model.schema, train)
    if not train.item_counts().any():
        raise InputError(
            f"{name}.adapt: expected interactions to learn from, got none: look for a filter or a "
            "split that leaves nothing to train on"
        )


def _check_same_shape(schema, train):
    found = train.schema(schema.history_length)
    sizes = ("num_users", "num_items", "num_behaviors", "timed")
    for field in (*sizes, "user_features", "item_features"):
        if field in ("num_behaviors", "timed") and not getattr(schema, field):
            continue  # a model may leave out what the data says of a step
        if getattr(found, field) != getattr(schema, field):
            raise InputError(
                f"the model was built for another data set: {field} is {getattr(schema, field)} in "
                f"its schema, {getattr(found, field)} in this data; build it with train.schema()"
            )
