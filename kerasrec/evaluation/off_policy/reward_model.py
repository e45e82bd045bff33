"""What a doubly robust estimate reads of a model of rewards."""

import typing

import numpy as np


class RewardModel(typing.NamedTuple):
    """Predicted rewards of the rows of a log, learned from other rows.

    Attributes:
        logged: `(n,)`, the predicted reward of the item that was shown.
        expected: `(n,)`, the mean of the predicted reward over the items that the target policy
            would show at this position, by its probabilities.
    """

    logged: np.ndarray
    expected: np.ndarray

    @classmethod
    def of_tables(cls, predicted, target, shown):
        """Of predictions `(n, items)` and target probabilities `(n, items)` of all items.

        Args:
            predicted, target: `(n, items)`.
            shown: `(n,)`, the columns of the items that were shown.

        >>> RewardModel.of_tables([[1.0, 3.0]], [[0.5, 0.5]], [1])
        RewardModel(logged=array([3.]), expected=array([2.]))
        """
        predicted, target = np.asarray(predicted, "float64"), np.asarray(target, "float64")
        logged = np.take_along_axis(predicted, np.asarray(shown)[:, None], axis=1)[:, 0]
        return cls(logged, np.sum(predicted * target, axis=1))
