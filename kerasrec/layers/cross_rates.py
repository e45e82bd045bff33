"""How often a value occurred, and its rate of clicks, without the example that asks."""

import keras
import numpy as np
from keras import ops

from kerasrec.asserted import asserted
from kerasrec.errors import InputError
from kerasrec.layers.embedding_table import PADDING
from kerasrec.register import register
from kerasrec.tables.rows import check_ids
from kerasrec.whole_number import whole_number

BLOCK = 2**22  # examples that are counted at a time


@register
class CrossRates(keras.layers.Layer):
    """Looks up the count of a row and the smoothed mean of its labels, out of fold.

        log(1 + n),  (s + prior m) / (n + prior)

    n is the number of train examples with this row, s the sum of their labels, m the mean label.
    The row is that of a column, or of a cross of columns (`CrossLookup`). A row without examples,
    and padding, have n = 0 and so the mean m.

    **Out of fold.** If s held the label of the example itself, the rate of a rare row would give
    that label away: for a row with one example and a prior of 0 it is the label. A model learns to
    copy it, and fails on examples whose labels it has not seen. So the train examples are divided
    into folds, and an example of fold f reads n, s and m of all examples outside of f. To leave out
    the example alone would not do: the rates of the clicked examples of a row would be lower than
    those of the others, by exactly the label. An example that was not in training, as in evaluation
    and serving, has fold 0 and reads n, s and m of all train examples. There n is larger, by
    1 / (folds - 1) on average.

    Memory: `8 num_rows (folds + 1)` bytes.

    Args:
        num_rows: Rows of the column or the cross, padding and unknown included.
        folds: Number of folds.
        prior: Weight of the mean label, in examples.

    Call arguments:
        rows: Int rows, such as `(batch,)`.
        fold: Int folds of the same shape: 1 to `folds` for train examples, as given to `assign`; 0
            for all others.

    Output shape:
        `rows.shape + (2,)`, float32 under any dtype policy.

    Raises:
        InputError: for a wrong argument, or a fold or a row out of range. A graph raises
            TensorFlow's InvalidArgumentError. XLA and other backends cannot raise; there both
            numbers of a fold out of range are 0.

    Example:

    >>> import numpy as np
    >>> from kerasrec.layers import CrossRates
    >>> rates = CrossRates(num_rows=4, folds=2, prior=1.0)
    >>> rates.assign(rows=[2, 2, 3, 3], fold=[1, 2, 1, 2], labels=[1, 0, 0, 0])
    >>> rates(np.array([2, 2, 2]), np.array([0, 1, 2])).numpy()[:, 1].tolist()
    [0.4166666567325592, 0.0, 0.75]

    Reference:
        Micci-Barreca, A preprocessing scheme for high-cardinality categorical attributes in
        classification and prediction problems, SIGKDD Explorations 2001: the smoothed mean.
        Prokhorenkova et al., CatBoost: unbiased boosting with categorical features, NeurIPS 2018:
        how labels leak through it.
    """

    def __init__(self, num_rows, folds=5, prior=20.0, **kwargs):
        # Counts overflow float16.
        super().__init__(autocast=False, **kwargs)
        self.num_rows = whole_number(num_rows, "num_rows", 1)
        self.folds = whole_number(folds, "folds", 2)
        if not 0 < prior < np.inf:
            raise InputError(f"prior: expected a number above 0, received {prior!r}")
        self.prior = prior
        fixed = {"dtype": "float32", "initializer": "zeros", "trainable": False, "autocast": False}
        shape = (self.num_rows, self.folds + 1)
        self.counts = self.add_weight(shape, name="counts", **fixed)
        self.sums = self.add_weight(shape, name="sums", **fixed)
        self.means = self.add_weight((self.folds + 1,), name="means", **fixed)

    def assign(self, rows, fold, labels):
        """Counts the train examples: rows, folds from 1 to `folds`, and labels, `(n,)` each.

        Raises:
            InputError: for columns of unequal length, a row or a fold out of range, or a label that
                is not finite.
        """
        rows, fold, labels = (np.asarray(one) for one in (rows, fold, labels))
        if rows.ndim != 1 or not rows.shape == fold.shape == labels.shape:
            raise InputError(
                "rows, fold and labels must be columns of one length, received shapes "
                f"{rows.shape}, {fold.shape} and {labels.shape}"
            )
        for name, values, least, most in (
            ("rows", rows, 0, self.num_rows - 1),
            ("fold", fold, 1, self.folds),
        ):
            whole = values.dtype.kind in "iu"
            if len(values) and not (whole and least <= values.min() and values.max() <= most):
                raise InputError(
                    f"{name}: expected whole numbers from {least} to {most}, received "
                    f"{values.min()} to {values.max()} ({values.dtype})"
                )
        counts, sums = (np.zeros((self.num_rows, self.folds + 1)) for _ in range(2))
        for start in range(0, len(rows), BLOCK):
            block = slice(start, start + BLOCK)
            values = labels[block].astype("float64")
            if not np.isfinite(values).all():
                raise InputError("labels: expected finite numbers, received NaN or infinity")
            place = rows[block].astype("int64") * (self.folds + 1) + fold[block]
            counts += np.bincount(place, minlength=counts.size).reshape(counts.shape)
            sums += np.bincount(place, values, counts.size).reshape(counts.shape)
        counts, sums = _outside(counts), _outside(sums)
        # The mean is that of all examples, as if they had one row.
        means = sums.sum(axis=0) / np.maximum(counts.sum(axis=0), 1)
        counts[PADDING] = sums[PADDING] = 0
        for weight, value in ((self.counts, counts), (self.sums, sums), (self.means, means)):
            weight.assign(value.astype("float32"))

    def call(self, rows, fold):
        rows, fold = ops.cast(rows, "int32"), ops.cast(fold, "int32")
        rows = check_ids(rows, self.num_rows, self.name)
        known = ops.all(ops.logical_and(fold >= 0, fold <= self.folds))
        message = f"{self.name}: expected folds from 0 to {self.folds}, received"
        fold = asserted(fold, known, message, ops.min(fold), "to", ops.max(fold))
        is_fold = ops.equal(fold[..., None], ops.arange(self.folds + 1, dtype="int32"))

        def of_fold(values):
            return ops.sum(ops.where(is_fold, values, 0.0), axis=-1)

        count = of_fold(ops.take(self.counts, rows, axis=0))
        total = of_fold(ops.take(self.sums, rows, axis=0))
        mean = of_fold(ops.convert_to_tensor(self.means))
        rate = (total + self.prior * mean) / (count + self.prior)
        return ops.stack([ops.log1p(count), rate], axis=-1)

    def compute_output_spec(self, rows, fold):
        return keras.KerasTensor((*rows.shape, 2), "float32")


def _outside(inside):
    """From sums in each fold (rows, folds + 1): those of all examples, then outside of a fold."""
    # Summed without the fold, not subtracted: a difference would be rounded by its labels.
    return inside @ (1.0 - np.eye(inside.shape[1]))
