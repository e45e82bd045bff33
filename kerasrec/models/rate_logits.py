"""The rate of a cross on the scale of the logit that it helps to predict."""

from keras import ops

# Exact in float32, as is one minus it.
LEAST = 2.0**-20


def rate_logits(values, kind):
    """Counts and rates whose rate is the logit that would predict it.

        [c, r]  ->  [c, log(r / (1 - r))] for labels,  [c, log(r)] for counts and seconds

    A rating stays as it is. A linear layer that reads probabilities cannot tell .99 from .999,
    which are as far apart as .5 from .91 for the loss.

    Args:
        values: `(batch, 2)` of `CrossRates`.
        kind: Of the `Task` whose label the rate is of.

    >>> import numpy as np
    >>> rate_logits(np.array([[2.0, 0.5]]), "binary").numpy().tolist()
    [[2.0, 0.0]]
    """
    if kind == "rating":
        return values
    count, rate = values[..., 0], values[..., 1]
    if kind == "binary":
        rate = ops.clip(rate, LEAST, 1.0 - LEAST)
        rate = ops.log(rate) - ops.log1p(-rate)
    else:
        rate = ops.log(ops.maximum(rate, LEAST))
    return ops.stack([count, rate], axis=-1)
