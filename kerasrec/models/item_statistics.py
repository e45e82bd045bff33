"""What the ratings of a train part say of each item, as a feature."""

import numpy as np

# The column of a catalog, added at `adapt`: see `item_table`.
STATISTICS = "item_statistics"


def item_statistics(train):
    """Mean, deviation and confidence of the ratings of each item: `(num_items, 3)` float32.

        mean        (m_i - m) / s     with m_i the mean of item i, m and s the mean and the standard
                                      deviation of all ratings
        deviation   s_i / s           with the standard deviation s_i of item i
        confidence  n_i / (n_i + n)   with its n_i ratings, and n the mean of n_i over rated items

    An item without ratings has zeros, which is an average item that nobody knows. Equal ratings,
    such as clicks, have the mean and the deviation 0.

    Args:
        train: `Interactions` of the train part alone.

    >>> import pandas as pd
    >>> from kerasrec.data import Interactions
    >>> frame = pd.DataFrame({"user": list("uvw"), "item": list("aab"), "value": [5, 3, 1]})
    >>> item_statistics(Interactions.from_frame(frame))[2:].round(2)
    array([[ 0.61,  0.61,  0.57],
           [-1.22,  0.  ,  0.4 ]], dtype=float32)
    """
    value = train.value.astype("float64")
    counts = train.item_counts()
    known, counted = counts > 0, np.maximum(counts, 1)
    means = np.bincount(train.item, weights=value, minlength=len(counts)) / counted
    squares = np.bincount(
        train.item, weights=(value - means[train.item]) ** 2, minlength=len(counts)
    )
    scale = value.std() or 1.0
    mean = np.where(known, (means - value.mean()) / scale, 0.0)
    confidence = counts / (counts + counts[known].mean())
    columns = mean, np.sqrt(squares / counted) / scale, confidence
    return np.stack(columns, axis=1).astype("float32")
