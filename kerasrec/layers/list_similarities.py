"""Similarities of given ratings to those of all raters of the same items."""

from keras import ops

from kerasrec.layers.sum_by_row import sum_by_row

# Relative size below which a float32 is rounding error, such as what is left of equal ratings after
# their mean is subtracted.
ROUNDING = 1e-6


def list_similarities(given, rows, values, num_rows, similarity, shrinkage):
    """Similarities of b lists of ratings to the rows of a rating matrix: `(b, num_rows)`.

    They are those of `kerasrec.models.neighbours.similarity.rating_similarities`, over the items
    that both have rated, in float32.

    Args:
        given: `(b, length)` ratings of different items, NaN at places without a rating.
        rows: `(b, length, any)` rows of the raters of each item; 0 is padding.
        values: Their ratings, of the same shape.
        num_rows: The rows are below it.
        similarity, shrinkage: As of `rating_similarities`.

    >>> given = ops.array([[4.0, 1.0]])
    >>> rows, values = ops.array([[[2, 3], [2, 0]]]), ops.array([[[5.0, 4.0], [1.0, 0.0]]])
    >>> list_similarities(given, rows, values, 4, "msd", 0.0).numpy().round(3)
    array([[0.   , 0.   , 0.667, 1.   ]], dtype=float32)
    """
    rates = ops.cast(rows > 0, "float32")
    rated = ops.logical_not(ops.isnan(given))
    given = ops.where(rated, given, 0.0)[..., None]
    if similarity == "adjusted_cosine":
        counts = ops.maximum(ops.sum(rates, axis=2, keepdims=True), 1.0)
        means = ops.sum(values * rates, axis=2, keepdims=True) / counts
        given, values = (_difference(x, means) for x in (given, values))
    both = rates * ops.cast(rated, "float32")[..., None]
    flat_rows = ops.reshape(rows, (ops.shape(rows)[0], -1))

    def total(x):
        return sum_by_row(flat_rows, ops.reshape(both * x, ops.shape(flat_rows)), num_rows)

    common = total(ops.ones_like(values))
    n = ops.maximum(common, 1.0)
    if similarity == "pearson":
        means = [total(x) / n for x in (given, values)]
        means = [ops.take_along_axis(mean, flat_rows, axis=1) for mean in means]
        means = [ops.reshape(mean, ops.shape(values)) for mean in means]
        given, values = _difference(given, means[0]), _difference(values, means[1])
    product, given_squares, squares = total(given * values), total(given**2), total(values**2)
    if similarity == "msd":
        found = 1.0 / (1.0 + ops.maximum(given_squares + squares - 2.0 * product, 0.0) / n)
    else:
        defined = ops.logical_and(given_squares > 0, squares > 0)
        size = ops.sqrt(ops.where(defined, given_squares, 1.0))
        size = size * ops.sqrt(ops.where(defined, squares, 1.0))
        found = ops.where(defined, ops.clip(product / size, -1.0, 1.0), 0.0)
    return found * common / ops.maximum(common + shrinkage, 1.0)


def _difference(x, mean):
    """The difference from a mean, 0 where it is rounding error."""
    return ops.where(ops.abs(x - mean) > ROUNDING * ops.abs(mean), x - mean, 0.0)
