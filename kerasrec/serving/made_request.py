"""A request to a signature that nobody has recorded one for."""

import math

import numpy as np

LARGEST = 1 << 20  # values


def made_request(signature):
    """One row of defaults, and of nothing where there is none: "", 0, False.

    Args:
        signature: A `kerasrec.savedmodel.c_loader.Signature`.

    Returns:
        Dict of input to an array; None where none can be made, of an input of unknown rank, of
        more than a million values or of another type than strings and common numbers.
    """
    request = {}
    for name, tensor in signature.inputs.items():
        if tensor.default is not None:
            continue
        if tensor.shape is None or tensor.dtype.startswith("type "):
            return None
        shape = [1 if size is None else size for size in tensor.shape]
        if math.prod(shape) > LARGEST:
            return None
        request[name] = np.zeros(shape, "S1" if tensor.dtype == "string" else tensor.dtype)
    if any(tensor.dtype.startswith("type ") for tensor in signature.outputs.values()):
        return None
    return request
