"""Adds L1 and L2 penalties on the weights of a network to its loss."""

import math

import keras

from kerasrec.errors import InputError

TABLE = "embeddings"


def penalize(model, l1=0.0, l2=0.0):
    """Adds a penalty on the weight matrices of a model's networks to the loss of its training.

        loss + sum over matrices W of (l1 sum |W_ab| + l2 sum W_ab^2)

    Matrices are the kernels of dense, convolutional and recurrent layers: weights with two or more
    axes. Biases are left out, and so are the tables of ids and values: a penalty on a whole table
    would cost as much as the table is large, and the `l2` of many models penalizes the rows of the
    batch. Keras's losses are means over a batch. So the J = sum of squared errors + lambda |W|^2 of
    n pairs is n times a mean squared error with l2 = lambda / n.

    A penalty belongs to the training, as the loss does: it is in no checkpoint. `train.l1` and
    `train.l2` of a config are these numbers.

    Args:
        model: A Keras model, before `fit`.
        l1, l2: Weights of the penalties; 0 and 0 remove them.

    Raises:
        InputError: for a negative weight, a model without such matrices, or a matrix with a
            regularizer of its own.

    Example:

    >>> import keras, numpy as np
    >>> from kerasrec.training import penalize
    >>> network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> network.layers[0].set_weights([np.array([[3.0], [-1.0]]), np.array([7.0])])
    >>> penalize(network, l1=0.1, l2=0.01)
    >>> round(float(sum(network.losses)), 4)
    0.5
    """
    for name, value in (("l1", l1), ("l2", l2)):
        if not 0 <= value < math.inf:
            raise InputError(f"{name}: expected a number from 0, received {value!r}")
    matrices = [
        weight
        for weight in model.trainable_weights
        if len(weight.shape) > 1 and weight.name != TABLE
    ]
    if not matrices and (l1 or l2):
        raise InputError(
            f"l1={l1}, l2={l2}: {model.name} has no weight matrices beside its tables, whose "
            "penalty is an argument of the model: leave l1 and l2 out"
        )
    for weight in matrices:
        own = weight.regularizer is not None and not isinstance(weight.regularizer, _Penalty)
        if own and (l1 or l2):
            raise InputError(
                f"l1={l1}, l2={l2}: {weight.path} has a regularizer of its own: remove that one, "
                "or leave l1 and l2 out"
            )
        if not own:
            weight.regularizer = _Penalty(l1, l2) if l1 or l2 else None


class _Penalty(keras.regularizers.L1L2):
    """Tells the penalties of `penalize` from those that a layer was made with."""
