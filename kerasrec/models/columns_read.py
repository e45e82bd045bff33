"""Which columns of a table a model reads, and how."""

LABELS = ("bce", "BinaryCrossentropy")


def columns_read(model, train, loss=None):
    """What `Recommender.reads` answers.

    Args:
        model: A `Recommender`.
        train: `Interactions`, for whether the values differ.
        loss: Name of the loss, of a config or of its class.
    """
    found, schema = {}, model.schema
    if train.explicit:
        found["value"] = model.values_read
        others = model.candidates not in (None, "pair")
        if found["value"] is None and model.trainable_weights and others and loss in LABELS:
            found["value"] = "above 0 is liked"
    if schema.timed:
        found["timestamp"] = _times(model)
    if schema.num_behaviors:
        found["behavior"] = "at each step" if "behavior" in model.query_inputs else None
    for side, features, read in zip(
        ("user", "item"),
        (schema.user_features, schema.item_features),
        model.features_read,
        strict=True,
    ):
        for feature in features:
            how = feature.kind if feature.name in read else None
            found[f"{side} feature {feature.name}"] = how
    return found


def say_columns_read(model, found):
    """Lines for people on what `columns_read` has found; the last says what nobody reads."""
    name = type(model).__name__
    read = [f"{column} ({how})" for column, how in found.items() if how]
    unread = [column for column, how in found.items() if not how]
    lines = [f"{name} reads, beside users and items: {', '.join(read)}."] if read else []
    if unread:
        lines.append(f"Not read by {name}, though the data has it: {', '.join(unread)}.")
    return lines


def _times(model):
    if "time_gap" in model.query_inputs:
        return "order, and the time between steps"
    if model.order_read:
        return f"order, of which the last {model.schema.history_length} count"
    return None
