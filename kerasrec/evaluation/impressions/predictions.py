import numpy as np

from kerasrec.errors import InputError


class Predictions:
    """The predictions of one task beside its labels, without the rows whose label is missing.

    The metrics of this package read it. A metric is first prepared, which sorts, and then computed
    for any number of resamples, each a count of every request.

    Args:
        labels: `(n,)` or `(n, 1)`; NaN where the label is missing.
        predictions: The same shape, finite.
        requests: Ids `(n,)` of the request of each row, of any type that sorts; None where each
            row is a request of its own. Requests are resampled as a whole.
        weights: `(n,)`, 0 or more; None for 1.

    Attributes:
        labels, predictions, weights: float64 (rows,).
        requests: int64 (rows,): 0 to `num_requests` - 1.
        num_requests: Requests with at least one label.
        known: bool (n,), the rows that are kept.

    Raises:
        InputError: for arrays of different lengths, a prediction that is not finite, an infinite
            label, or a weight that is negative or not finite.

    Example:

    >>> of = Predictions([1, np.nan, 0], [0.5, 0.25, 0.125], requests=["a", "b", "c"])
    >>> of.labels, of.predictions, of.requests
    (array([1., 0.]), array([0.5  , 0.125]), array([0, 1]))
    """

    def __init__(self, labels, predictions, requests=None, weights=None):
        labels = _column("labels", labels)
        predictions = _column("predictions", predictions, len(labels))
        if weights is None:
            weights = np.ones(len(labels))
        weights = _column("weights", weights, len(labels))
        known = ~np.isnan(labels)
        self.known = known
        self.labels, self.predictions, self.weights = (
            labels[known],
            predictions[known],
            weights[known],
        )
        _refuse("labels", self.labels, ~np.isfinite(self.labels), "finite values, or NaN")
        _refuse("predictions", self.predictions, ~np.isfinite(self.predictions), "finite values")
        wrong = ~np.isfinite(self.weights) | (self.weights < 0)
        _refuse("weights", self.weights, wrong, "finite values of at least 0")
        if requests is None:
            self.requests, self.num_requests = np.arange(len(self.labels)), len(self.labels)
        else:
            self.requests = self.rows_of("requests", requests)
            self.num_requests = int(self.requests.max(initial=-1)) + 1

    def __len__(self):
        return len(self.labels)

    def rows_of(self, name, ids):
        """Ids `(n,)`, such as those of users, as int64 (rows,) from 0."""
        ids = np.asarray(ids)
        if ids.shape != self.known.shape:
            raise InputError(
                f"{name}: expected {len(self.known)} ids, one for each label, "
                f"received the shape {ids.shape}"
            )
        return np.unique(ids[self.known], return_inverse=True)[1]

    def sums(self, values):
        """The weighted sum of values `(rows,)` in each request, float64 (num_requests,)."""
        return np.bincount(self.requests, self.weights * values, self.num_requests)


def _column(name, values, length=None):
    values = np.asarray(values, dtype="float64")
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1 or length not in (None, len(values)):
        expected = "(n,) or (n, 1)" if length is None else f"({length},), as the labels have"
        raise InputError(f"{name}: expected the shape {expected}, received {values.shape}")
    return values


def _refuse(name, values, wrong, expected):
    if wrong.any():
        raise InputError(f"{name}: expected {expected}, received {values[wrong][0]:g}")
