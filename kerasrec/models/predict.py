"""A model's answers to few queries, soon."""

import numpy as np


def predict(model, inputs, batch_size=1024):
    """`model.predict` without its set-up of some 30 ms a call, which a request would feel."""
    length = len(next(iter(inputs.values())))
    parts = []
    for start in range(0, max(length, 1), batch_size):
        part = {name: x[start : start + batch_size] for name, x in inputs.items()}
        size = len(next(iter(part.values())))
        if length > batch_size > size:  # a last batch of another size would be traced again
            missing = batch_size - size
            part = {
                name: np.pad(x, [(0, missing)] + [(0, 0)] * (x.ndim - 1))
                for name, x in part.items()
            }
        # Under a strategy every replica answers the whole batch.
        parts.append(model.predict_on_batch(part)[:size])
    return np.concatenate(parts).astype("float32", copy=False)
