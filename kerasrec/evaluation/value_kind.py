"""What the values of a split are, and whether a model predicts them."""


def value_kind(split, part):
    """The kind of the values of train and a part.

    Args:
        split: `Split`.
        part: "validation" or "test".

    Returns:
        "labels" where every value is 0 or 1, "ratings" for other values, None where all values are
        equal and there is nothing to predict.
    """
    train, evaluated = split.train, getattr(split, part)
    first = [*train.value[:1], *evaluated.value[:1]][0]
    if (train.value == first).all() and (evaluated.value == first).all():
        return None
    return "labels" if train.has_labels and evaluated.has_labels else "ratings"


def predicts_values_of(model, split, part, loss):
    """Whether the scores of a model estimate the values of a part.

    Only with candidates "pair" is a score an estimate of a value. The loss decides which kind: a
    model trained by `bce` predicts the logit of a label, by any other loss a rating.

    Args:
        model: A `Recommender`.
        split, part: As for `value_kind`.
        loss: `train.loss` of the model's config.
    """
    if not model.predicts_values:
        return False
    return value_kind(split, part) == ("labels" if loss == "bce" else "ratings")
