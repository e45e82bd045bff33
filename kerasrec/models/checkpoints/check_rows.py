"""Checks weights that hold row numbers of another table."""

import numpy as np
from keras import ops

from kerasrec.errors import InputError
from kerasrec.tables import rows


def check_rows(model, path):
    """Raises an `InputError` that names the first weight with a row number outside its table.

    Args:
        model: A `Recommender` whose weights were read from a file.
        path: The file, for the error message.
    """
    for weight in model.weights:
        num_rows = rows.row_values_bound(weight)
        if num_rows is None or not np.prod(weight.shape):
            continue
        values = ops.convert_to_numpy(weight)
        if not 0 <= values.min() <= values.max() < num_rows:
            raise InputError(
                f"{path} is damaged: the weight {weight.path} must hold rows from 0 to "
                f"{num_rows - 1}, got {values.min()} to {values.max()}"
            )
