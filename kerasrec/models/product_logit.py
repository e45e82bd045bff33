"""The logit of a product of two probabilities."""

from keras import ops


def product_logit(first, second):
    """The logit of `sigmoid(first) * sigmoid(second)`.

        log(p q / (1 - p q)) = a + b - log(1 + exp(a) + exp(b))
        log(1 + exp(a) + exp(b)) = s + softplus(b - s),  s = softplus(a)

    No part of it overflows, and no probability is rounded to 1.

    >>> import numpy as np
    >>> p = ops.sigmoid(product_logit(np.array([0.0, 200.0]), np.array([0.0, -200.0])))
    >>> ops.convert_to_numpy(p).round(3).tolist()
    [0.25, 0.0]
    """
    return second - ops.softplus(-first) - ops.softplus(second - ops.softplus(first))


def with_products(logits, given):
    """Logits by task, where that of a product takes the place of its second factor.

    Args:
        logits: Of each task `(n,)`, by name.
        given: Task -> the task that its probability is multiplied with.
    """
    products = {task: product_logit(logits[one], logits[task]) for task, one in given.items()}
    return {**logits, **products}
