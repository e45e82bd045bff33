"""Which columns of the data a model reads, and how."""

LOSSES_OF_LABELS = ("bce", "BinaryCrossentropy")
# Arguments of zoo models that read features, and whose.
READ_BY = {"user_features": ("user",), "features": ("user", "item")}


def columns_read(model, train, loss=None):
    """The dict of `Recommender.reads`: column to how it is read, or None.

    Args:
        model: A `Recommender`.
        train: `Interactions`; a column of equal values is left out.
        loss: Name of the loss, as in a config or as of its class.
    """
    columns, schema = {}, model.schema
    if train.explicit:
        columns["value"] = model.values_read
        negatives = model.trainable_weights and model.candidates not in (None, "pair")
        if columns["value"] is None and negatives and loss in LOSSES_OF_LABELS:
            columns["value"] = "above 0 is positive"
    if schema.timed:
        columns["timestamp"] = _times_read(model)
    if schema.num_behaviors:
        columns["behavior"] = "at each step" if "behavior" in model.query_inputs else None
    for side, features, read in zip(
        ("user", "item"),
        (schema.user_features, schema.item_features),
        model.features_read,
        strict=True,
    ):
        for feature in features:
            how = feature.kind if feature.name in read else None
            columns[f"{side} feature {feature.name}"] = how
    for feature in schema.context_features:
        read = feature.name in model.query_inputs
        columns[f"context {feature.name}"] = feature.kind if read else None
    return columns


def describe_columns_read(model, columns):
    """Lines of text that say which columns of `columns_read` are read and which are not."""
    name = type(model).__name__
    read = [f"{column} ({how})" for column, how in columns.items() if how]
    unread = [column for column, how in columns.items() if not how]
    lines = [f"{name} reads, beside users and items: {', '.join(read)}."] if read else []
    if unread:
        lines.append(f"Not read by {name}, though the data has it: {', '.join(unread)}.")
    config = model.get_config()
    for argument, sides in READ_BY.items():
        starts = tuple(f"{side} feature" for side in sides)
        if config.get(argument) is False and any(column.startswith(starts) for column in unread):
            whose = " and ".join(f"{side}s" for side in sides)
            lines.append(f"{name} reads the features of {whose} with {argument}: true.")
    return lines


def _times_read(model):
    if "time_gap" in model.query_inputs:
        return "order, and the time between steps"
    if model.order_read:
        return f"order, the last {model.schema.history_length} interactions"
    return None
