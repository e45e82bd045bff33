"""Weights that are rows of other tables, held against the sizes of these."""

import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.tables import rows


def check_rows(model, path):
    """Raises an `InputError` that names the first weight with a row outside of its table.

    Args:
        model: A `Recommender` whose weights were read from a file.
        path: The file, for the sentence.
    """
    for weight in model.weights:
        most = rows.row_values_bound(weight)
        if most is None or not np.prod(weight.shape):
            continue
        values = ops.convert_to_numpy(weight)
        if not 0 <= values.min() <= values.max() < most:
            raise InputError(
                f"{path} is damaged: the weight {weight.path} must hold rows from 0 to {most - 1}, "
                f"got {values.min()} to {values.max()}"
            )
