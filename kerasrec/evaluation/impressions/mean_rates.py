"""The baseline of every ranker: how each item was received before."""

import numpy as np

BLOCK = 2**20  # rows that are in memory at a time


class MeanRates:
    """Predicts the mean label of the item, towards the mean of all rows where it was shown rarely.

        prediction = (sum of labels + 20 mean) / (rows + 20)

    It knows nothing of the user and of the request.
    """

    PRIOR = 20.0

    def adapt(self, train):
        """Takes the means from `Impressions`."""
        self._rates, size, rows, weights = {}, len(train.items), 0, 0.0
        counts = {name: np.zeros(size) for name in train.labels}
        totals = {name: np.zeros(size) for name in train.labels}
        for start in range(0, len(train), BLOCK):
            part = train.select(slice(start, start + BLOCK))
            weight = part.row_weights()
            weight = np.ones(len(part)) if weight is None else weight.astype("float64")
            rows, weights = rows + len(part), weights + weight.sum()
            for name, labels in part.labels.items():
                known = ~np.isnan(labels)
                item, w = part.item[known], weight[known]
                counts[name] += np.bincount(item, w, minlength=size)
                totals[name] += np.bincount(item, w * labels[known], minlength=size)
        scale = rows / weights if weights else 1.0  # as if the mean weight were 1
        for name in train.labels:
            count, total = counts[name] * scale, totals[name] * scale
            mean = total.sum() / count.sum() if count.sum() else 0.0
            self._rates[name] = (total + self.PRIOR * mean) / (count + self.PRIOR)
        return self

    def predict_impressions(self, data):
        """Predictions `(n,)` by task."""
        rows = np.minimum(data.item, len(next(iter(self._rates.values()))) - 1)
        return {name: rates[rows].astype("float32") for name, rates in self._rates.items()}
