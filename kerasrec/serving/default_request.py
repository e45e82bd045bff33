"""Makes a request of default and empty values, to warm up a signature without recorded requests."""

import math

import numpy as np

MAX_VALUES = 1 << 20


def default_request(signature):
    """Makes a request of one row; an input without a default is "", 0 or False.

    Args:
        signature: A `kerasrec.savedmodel.c_loader.Signature`.

    Returns:
        Dict of input to an array, without the inputs that have defaults. None if an input has
        unknown rank, more than a million values, or a type that is not supported.
    """
    request = {}
    for name, tensor in signature.inputs.items():
        if tensor.default is not None:
            continue
        if tensor.shape is None or tensor.dtype.startswith("type "):
            return None
        shape = [1 if size is None else size for size in tensor.shape]
        if math.prod(shape) > MAX_VALUES:
            return None
        request[name] = np.zeros(shape, "S1" if tensor.dtype == "string" else tensor.dtype)
    if any(tensor.dtype.startswith("type ") for tensor in signature.outputs.values()):
        return None
    return request
