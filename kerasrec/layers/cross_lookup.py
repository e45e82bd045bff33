"""Rows of pairs of values."""

import keras
import numpy as np
from keras import ops

from kerasrec.distinct import pair_counts
from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING, UNKNOWN
from kerasrec.register import register
from kerasrec.tables.rows import declare_row_values
from kerasrec.whole_number import whole_number

FIRST = 2


@register
class CrossLookup(keras.layers.Layer):
    """Looks up the row of a pair of values: the cross of two columns as one.

        0, padding, if either value is 0; 1, unknown, for a pair that is not known; else 2 + n

    n is the place of the pair in the order of the first value, then of the second. A value 1
    (unknown) is a value as any other. The pairs are not hashed, so no two share a row. The cross of
    three columns is the cross of a column with the rows of a cross of two.

    The pairs are sorted, with the start of each first value (CSR). A pair is found by bisection, of
    all examples at once, in a fixed number of steps, on int32. Memory: 4 bytes for each first value
    and each pair.

    Args:
        num_first: Rows of the first column: its values are from 0 to `num_first - 1`.
        num_pairs: The largest number of known pairs. With the rows 0 and 1 an `EmbeddingTable` of
            the cross has `num_pairs + 2` rows.

    Call arguments:
        first, second: Int values of equal shapes, such as `(batch,)`. A value that no known pair
            has is allowed.

    Output shape:
        `first.shape`, int32.

    Raises:
        InputError: for an argument that is no whole number from 1.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import CrossLookup, known_pairs
    >>> cross = CrossLookup(num_first=5, num_pairs=10)
    >>> cross.assign(*known_pairs([4, 2, 2, 4, 3], [7, 9, 3, 7, 0], min_count=1))
    >>> cross(np.array([2, 2, 4, 3, 0]), np.array([3, 9, 7, 7, 7])).numpy().tolist()
    [2, 3, 4, 1, 0]

    Reference:
        Cheng et al., Wide & deep learning for recommender systems, DLRS 2016: crosses of columns.
    """

    def __init__(self, num_first, num_pairs, **kwargs):
        super().__init__(**kwargs)
        self.num_first = whole_number(num_first, "num_first", 1)
        self.num_pairs = whole_number(num_pairs, "num_pairs", 1, 2**31 - 1 - FIRST)
        fixed = {"dtype": "int32", "initializer": "zeros", "trainable": False}
        self.offsets = self.add_weight((self.num_first + 1,), name="offsets", **fixed)
        self.second = self.add_weight((self.num_pairs,), name="second", **fixed)
        declare_row_values(self.offsets, self.num_pairs + 1)

    def assign(self, first, second):
        """Sets the known pairs, `(n,)` each, as `known_pairs` gives them.

        Raises:
            InputError: for pairs that are not sorted, occur twice, are more than `num_pairs`, or
                have a value outside of the columns.
        """
        first, second = _columns(first, second)
        if len(first) > self.num_pairs:
            raise InputError(
                f"there are {len(first):,} pairs, and num_pairs is {self.num_pairs:,}: raise "
                "num_pairs, or the min_count of known_pairs"
            )
        if len(first) and not (0 < first.min() and first.max() < self.num_first):
            raise InputError(
                f"first: expected values from 1 to {self.num_first - 1}, received "
                f"{first.min()} to {first.max()}"
            )
        if len(first) and second.min() < 1:
            raise InputError(f"second: expected values from 1, received {second.min()}")
        if not (np.diff((first.astype("int64") << 32) | second) > 0).all():
            raise InputError(
                "the pairs must be sorted by the first value, then the second, each pair once: "
                "known_pairs sorts them"
            )
        padded = np.zeros(self.num_pairs, "int32")
        padded[: len(second)] = second
        self.offsets.assign(np.searchsorted(first, np.arange(self.num_first + 1)).astype("int32"))
        self.second.assign(padded)

    def pairs(self):
        """The known pairs in the order of their rows: two int32 arrays `(n,)`."""
        starts = ops.convert_to_numpy(self.offsets)
        first = np.repeat(np.arange(self.num_first, dtype="int32"), np.diff(starts))
        return first, ops.convert_to_numpy(self.second)[: len(first)]

    def call(self, first, second):
        first, second = ops.cast(first, "int32"), ops.cast(second, "int32")
        inside = ops.logical_and(first >= 0, first < self.num_first)
        row = ops.where(inside, first, PADDING)
        low = ops.take(self.offsets, row, axis=0)
        end = high = ops.take(self.offsets, row + 1, axis=0)
        # Each step halves the number of pairs that are left, until none is.
        for _ in range(self.num_pairs.bit_length()):
            middle = low + (high - low) // 2
            above = ops.logical_and(low < high, self._value(middle) < second)
            low, high = ops.where(above, middle + 1, low), ops.where(above, high, middle)
        found = ops.logical_and(low < end, ops.equal(self._value(low), second))
        rows = ops.where(ops.logical_and(found, inside), low + FIRST, UNKNOWN)
        padding = ops.logical_or(ops.equal(first, PADDING), ops.equal(second, PADDING))
        return ops.where(padding, PADDING, rows)

    def compute_output_spec(self, first, second):
        return keras.KerasTensor(first.shape, "int32")

    def _value(self, place):
        return ops.take(self.second, ops.minimum(place, self.num_pairs - 1), axis=0)


def known_pairs(first, second, min_count):
    """The distinct pairs that occur often enough, sorted: two int32 arrays `(n,)`.

    Args:
        first, second: Int values `(examples,)` of the train part. Pairs with 0 are left out.
        min_count: How often a pair must occur.

    Raises:
        InputError: for columns of unequal length or of other than whole numbers, or a `min_count`
            below 1.

    >>> known_pairs([3, 2, 3, 3], [5, 9, 5, 1], min_count=2)
    (array([3], dtype=int32), array([5], dtype=int32))
    """
    first, second = _columns(first, second)
    min_count = whole_number(min_count, "min_count", 1)
    keys, counts = pair_counts(first, second)
    first, second = keys >> 32, keys & (2**32 - 1)
    kept = (counts >= min_count) & (first != PADDING) & (second != PADDING)
    return first[kept].astype("int32"), second[kept].astype("int32")


def _columns(first, second):
    first, second = np.asarray(first), np.asarray(second)
    if first.ndim != 1 or first.shape != second.shape:
        raise InputError(
            "first and second must be two columns of one length, received shapes "
            f"{first.shape} and {second.shape}"
        )
    if len(first) and not (first.dtype.kind in "iu" and second.dtype.kind in "iu"):
        raise InputError(
            f"first and second must be whole numbers, received {first.dtype} and {second.dtype}"
        )
    return first, second
