"""The baseline of every ranker: how each item was received before."""

import numpy as np


class MeanRates:
    """Predicts the mean label of the item, towards the mean of all rows where it was shown rarely.

        prediction = (sum of labels + 20 mean) / (rows + 20)

    It knows nothing of the user and of the request.
    """

    PRIOR = 20.0

    def adapt(self, train):
        """Takes the means from `Impressions`."""
        self._rates, weights = {}, train.row_weights()
        weights = np.ones(len(train)) if weights is None else weights / weights.mean()
        for name, labels in train.labels.items():
            known = ~np.isnan(labels)
            size = len(train.items)
            weight = weights[known]
            count = np.bincount(train.item[known], weight, minlength=size)
            total = np.bincount(train.item[known], weight * labels[known], minlength=size)
            mean = total.sum() / count.sum() if count.sum() else 0.0
            self._rates[name] = (total + self.PRIOR * mean) / (count + self.PRIOR)
        return self

    def predict_impressions(self, data):
        """Predictions `(n,)` by task."""
        rows = np.minimum(data.item, len(next(iter(self._rates.values()))) - 1)
        return {name: rates[rows].astype("float32") for name, rates in self._rates.items()}
