"""Adds the scores of several models on one scale."""

import keras
import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.register import register

# Row of the first real item, behind padding and the unknown item.
FIRST = 2
HOW = ("sum", "product", "reciprocal_rank", "rating")
# Groups of history lengths, and of item counts, that have weights of their own when gated.
GROUPS = 3
# Share of a counted distribution that all items get alike: the logarithm of 0 is no number.
SMOOTHING = 1.0
# The constant of reciprocal rank fusion, as published.
RANK_CONSTANT = 60.0
SMALLEST = 1e-9


@register
class BlendedScores(keras.layers.Layer):
    """A weighted sum of the scores of P models, each brought to a common scale by query.

        score(q, i)       = sum over parts p of w_p f_p(q, i)

        sum               f = (s - mean of s) / (standard deviation of s), over the catalog
        product           f = log of the part's probability of i: softmax of s, and for counted
                          scores (s + e) / (sum of s + N e) with e = sum of s / N
        reciprocal_rank   f = 61 / (61 + number of items with a larger s), 1 for the best item
        rating            f = s, a predicted rating; an intercept is added

    With weights the product is a product of experts. `gated` gives w_p a value for each of three
    groups of history lengths and three groups of item counts, and each pair of groups an offset.
    `offsets` holds these, or the intercept of ratings; it is 0 for the other kinds.

    Args:
        counted: For each part whether its scores are sums of counts or similarities, from 0 on.
        num_items: Rows of the catalog, N + 2.
        how: "sum", "product", "reciprocal_rank" or "rating".
        gated: Whether the weights depend on the length of the history and the count of the item;
            not for ratings.

    Call arguments:
        scores: List of P arrays `(batch, num_items)`.
        lengths: Int `(batch,)`, items in each history; read if `gated`.

    Output: float32 `(batch, num_items)`.

    Raises:
        InputError: for an unknown `how`, or gated ratings.

    Reference:
        Hinton, Training products of experts, Neural Computation 2002. Cormack et al., Reciprocal
        rank fusion outperforms Condorcet and individual rank learning methods, SIGIR 2009.

    Example: an item that both parts like is first.

    >>> import numpy as np
    >>> layer = BlendedScores([True, True], num_items=5)
    >>> one, other = np.array([[0, 0, 3.0, 2.0, 0.0]]), np.array([[0, 0, 0.0, 20.0, 30.0]])
    >>> int(np.argmax(layer([one, other])))
    3
    """

    def __init__(self, counted, num_items, how="sum", gated=False, **kwargs):
        # No autocast: half precision would round scores and change their order.
        super().__init__(autocast=False, **kwargs)
        if how not in HOW:
            raise InputError(f"how: expected one of {', '.join(HOW)}, got {how!r}")
        if gated and how == "rating":
            raise InputError("gated: weights of predicted ratings have no groups: leave out gated")
        self.counted = list(counted)
        self.num_items = num_items
        self.how = how
        self.gated = gated
        groups = GROUPS if gated else 1

        def weight(shape, initializer, name, dtype="float32"):
            return self.add_weight(
                shape, initializer, dtype, trainable=False, autocast=False, name=name
            )

        self.part_weights = weight((groups, groups, len(self.counted)), "ones", "part_weights")
        self.offsets = weight((groups, groups), "zeros", "offsets")
        self.length_edges = weight((groups - 1,), "zeros", "length_edges")
        # What an item row is counted as: 0 for the rarest group.
        self.item_groups = weight((num_items if gated else 0,), "zeros", "item_groups", "int32")

    def features(self, scores):
        """The P arrays f `(batch, num_items)` float32 of the formula, without weights."""
        scores = [ops.cast(one, "float32") for one in scores]
        return [self._scaled(*each) for each in zip(scores, self.counted, strict=True)]

    def shares(self, scores, lengths=None):
        """What each part adds to the scores, P arrays `(batch, num_items)`, without the offset."""
        weights = self._weights(lengths)
        found = enumerate(self.features(scores))
        return [feature * weights[..., part] for part, feature in found]

    def call(self, scores, lengths=None):
        total = sum(self.shares(scores, lengths))
        if self.how == "rating":
            return total + ops.convert_to_tensor(self.offsets)
        return total + self._offsets(lengths) if self.gated else total

    def scaled_by(self, scores, mean, spread):
        """f of some scores `(batch, m)` of a part, for `how` "sum" and "rating".

        `mean` and `spread`, its deviation, are those over the catalog, `(batch, 1)`.
        """
        if self.how == "rating":
            return scores
        # Equal scores say nothing: what is left of them is rounding.
        flat = spread <= SMALLEST + 1e-6 * ops.abs(mean)
        return ops.where(flat, 0.0, (scores - mean) / ops.where(flat, 1.0, spread))

    def of_rows(self, features, rows, lengths=None):
        """The scores of `rows` `(batch, m)` from the P arrays f `(batch, m)` of these alone."""
        if not self.gated:
            weights = ops.convert_to_tensor(self.part_weights)[0, 0]
            total = sum(one * weights[part] for part, one in enumerate(features))
            return total + ops.convert_to_tensor(self.offsets)[0, 0]
        groups, of_items = self.length_groups(lengths), ops.take(self.item_groups, rows)
        weights = ops.take(self.part_weights, groups, axis=0)
        weights = ops.take_along_axis(weights, of_items[..., None], axis=1)
        total = sum(one * weights[..., part] for part, one in enumerate(features))
        return total + ops.take_along_axis(ops.take(self.offsets, groups, axis=0), of_items, axis=1)

    def length_groups(self, lengths):
        """The group of each history length, int32 `(batch,)`."""
        lengths = ops.cast(lengths, "float32")
        above = lengths[:, None] > ops.convert_to_tensor(self.length_edges)[None]
        return ops.sum(ops.cast(above, "int32"), axis=1)

    def compute_output_spec(self, scores, lengths=None):
        return keras.KerasTensor((scores[0].shape[0], self.num_items), "float32")

    def _weights(self, lengths):
        """Weights that broadcast to `(batch, num_items, P)`."""
        if not self.gated:
            return ops.convert_to_tensor(self.part_weights)
        own = ops.take(self.part_weights, self.length_groups(lengths), axis=0)
        return ops.take(own, self.item_groups, axis=1)

    def _offsets(self, lengths):
        own = ops.take(self.offsets, self.length_groups(lengths), axis=0)
        return ops.take(own, self.item_groups, axis=1)

    def _scaled(self, scores, counted):
        if self.how == "rating":
            return scores
        real = scores[:, FIRST:]
        if self.how == "sum":
            mean = ops.mean(real, axis=1, keepdims=True)
            spread = ops.sqrt(ops.mean(ops.square(real - mean), axis=1, keepdims=True))
            return self.scaled_by(scores, mean, spread)
        if self.how == "product":
            if not counted:
                return scores - ops.logsumexp(real, axis=1, keepdims=True)
            scores, real = ops.maximum(scores, 0.0), ops.maximum(real, 0.0)
            each = ops.maximum(ops.mean(real, axis=1, keepdims=True), SMALLEST) * SMOOTHING
            size = np.float32(self.num_items - FIRST)
            total = ops.sum(real, axis=1, keepdims=True) + size * each
            return ops.log((scores + each) / total)
        # Padding and the unknown item behind all others.
        behind = ops.full_like(scores[:, :FIRST], np.finfo("float32").min)
        larger = ops.cast(_number_larger(ops.concatenate([behind, real], axis=1)), "float32")
        return (RANK_CONSTANT + 1.0) / (RANK_CONSTANT + 1.0 + larger)


def _number_larger(scores):
    """How many scores of a row are larger than each, int32: the same for equal ones.

    Ranks in the order of the rows would be noise where many scores are 0.
    """
    size = scores.shape[1]
    order = ops.argsort(-scores, axis=1)
    ordered = ops.take_along_axis(scores, order, axis=1)
    places = ops.zeros_like(ordered, dtype="int32") + ops.arange(size, dtype="int32")
    repeated = ops.equal(ordered[:, 1:], ordered[:, :-1])
    first = ops.concatenate([places[:, :1], ops.where(repeated, 0, places[:, 1:])], axis=1)
    # In a graph a scan loses the shape.
    first = ops.reshape(ops.associative_scan(ops.maximum, first, axis=1), (-1, size))
    return ops.take_along_axis(first, ops.argsort(order, axis=1), axis=1)
