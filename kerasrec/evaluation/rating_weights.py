"""The weights of a `Blend` of predicted ratings: nonnegative least squares."""

import dataclasses

import numpy as np
import scipy.optimize

from kerasrec.errors import InputError
from kerasrec.evaluation.rated_pairs import RatedPairs

# Ratings scored at a time, and the fewest that tell weights from luck.
AT_ONCE, FEWEST = 8192, 20


@dataclasses.dataclass(frozen=True)
class RatingBlendFit:
    """What `fit_blend` found for predicted ratings.

    Attributes:
        part_weights: Weight of each part by name.
        intercept: What is added to their sum.
        rmse: Root of the mean squared error on the ratings that they were fitted to.
        ratings: How many these were.
    """

    part_weights: dict
    intercept: float
    rmse: float
    ratings: int

    def line(self):
        """One line for people."""
        weights = ", ".join(f"{name} {weight:.3g}" for name, weight in self.part_weights.items())
        return (
            f"Weights from {self.ratings:,} validation ratings: {weights}, intercept "
            f"{self.intercept:.3g} (RMSE {self.rmse:.4f})"
        )


def fit_ratings(blend, split, users=None):
    """Sets the weights and the intercept of a `Blend` with `how="rating"`.

        minimize over w >= 0, b   sum over ratings (u, i) of (r - b - sum over p of w_p s_p(u, i))^2

    Args:
        blend: An adapted `Blend`, whose parts were not trained on the validation part.
        split: `Split`.
        users: Rows of the validation users whose ratings count, ascending; None for all.

    Raises:
        InputError: for equal values, labels, or too few ratings.
    """
    pairs = RatedPairs(split, "validation", users)
    if pairs.labels:
        raise InputError(
            "fit_blend: the values are labels 0 and 1, and the parts predict ratings: give "
            "part_weights"
        )
    if len(pairs.values) < FEWEST:
        raise InputError(
            f"fit_blend: the validation part has {len(pairs.values)} ratings, and {FEWEST} are "
            "needed: give part_weights"
        )
    scores = np.stack([pairs.score(model, AT_ONCE)[0] for model in blend.models], axis=1)
    weights, intercept = least_squares(scores, pairs.values)
    layer = blend.blended
    layer.part_weights.assign(np.float32(weights).reshape(layer.part_weights.shape))
    layer.offsets.assign(np.full(layer.offsets.shape, intercept, "float32"))
    rmse = float(np.sqrt(np.mean(np.square(scores @ weights + intercept - pairs.values))))
    named = dict(zip(blend.names, weights.tolist(), strict=True))
    return RatingBlendFit(named, intercept, rmse, len(pairs.values))


def least_squares(features, values):
    """The weights >= 0 `(p,)` and the intercept nearest to `values` `(n,)`.

    >>> import numpy as np
    >>> features = np.array([[1.0, 5.0], [2.0, 5.0], [3.0, 4.0]])
    >>> weights, intercept = least_squares(features, np.array([3.0, 5.0, 7.0]))
    >>> weights.round(6).tolist(), round(intercept, 6)
    ([2.0, 0.0], 1.0)
    """
    mean = features.mean(axis=0)
    # The best intercept of any weights makes the mean error 0, so centred columns need none.
    weights, _ = scipy.optimize.nnls(features - mean, values - values.mean())
    return weights, float(values.mean() - mean @ weights)
