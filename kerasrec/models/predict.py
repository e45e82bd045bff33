"""A model's answers to few queries, soon."""

import numpy as np

from kerasrec.errors import InputError


def predict(model, inputs, batch_size=1024):
    """`model.predict` without its set-up of some 30 ms a call, which a request would feel.

    Raises:
        InputError: for an answer that is not finite.
    """
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
    return finite(np.concatenate(parts), model)


def finite(values, model):
    """What a model has answered, as float32.

    Raises:
        InputError: if it is not finite: a ranking would put NaN anywhere.
    """
    values = values.astype("float32", copy=False)
    if not np.isfinite(values).all():
        raise InputError(
            f"{model.name} answers with NaN or infinity under the dtype policy "
            f"{model.dtype_policy.name!r}: look for extreme values in the features and the "
            "weights; mixed_bfloat16 and float32 hold numbers up to 3e38, mixed_float16 to 65,504"
        )
    return values
