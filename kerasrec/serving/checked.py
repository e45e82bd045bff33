"""Inputs of a request as arrays that fit a signature, or a sentence that says what does not."""

import itertools

import numpy as np

from kerasrec.serving.refusal import Refusal, invalid
from kerasrec.serving.request_size import check_shapes

DEFAULT = "serving_default"
SHOWN = 8


def find_signature(signatures, name):
    """The name of a signature and what it says; "" is the default one.

    Raises:
        Refusal: if there is none of that name.
    """
    name = name or DEFAULT
    if name not in signatures:
        # tensorflow_serving/servables/tensorflow/predict_util.cc: RunPredict.
        raise Refusal(
            "FAILED_PRECONDITION",
            f'Serving signature key "{name}" not found. There are {", ".join(sorted(signatures))}.',
        )
    return name, signatures[name]


def check_names(name, signature, given):
    """Whether a signature has the inputs given, and defaults for those left out.

    Args:
        name: Name of the signature.
        signature: Its `kerasrec.savedmodel.c_loader.Signature`.
        given: Names of inputs.

    Raises:
        Refusal: for an unknown or missing input.
    """
    unknown = (key for key in given if key not in signature.inputs)
    if extra := sorted(itertools.islice(unknown, SHOWN)):
        raise invalid(
            f"Inputs contains invalid name: {', '.join(extra)}. "
            f"{name} takes {', '.join(sorted(signature.inputs))}."
        )
    for key, wanted in signature.inputs.items():
        if key not in given and wanted.default is None:
            # tensorflow/cc/saved_model/util.cc: GetInputValues.
            raise invalid(
                f"Signature input alias: {key} not found in request and no default value provided. "
                f"{name} takes {', '.join(sorted(signature.inputs))}."
            )


def checked(name, signature, inputs, limits):
    """All inputs of a signature as arrays: those left out take their defaults.

    Args:
        name: Name of the signature.
        signature: Its `kerasrec.savedmodel.c_loader.Signature`.
        inputs: Name -> array or nested lists; strings may be str or bytes.
        limits: A `Limits`.

    Returns:
        Name -> array, of every input of the signature.

    Raises:
        Refusal: for an unknown or missing input, a wrong type or shape, or too many values.
    """
    check_names(name, signature, inputs)
    values = {
        key: _fitting(key, wanted, inputs[key]) if key in inputs else wanted.default
        for key, wanted in signature.inputs.items()
    }
    check_shapes(name, signature, {key: array.shape for key, array in values.items()}, limits)
    return values


def _fitting(key, wanted, given):
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise invalid(
            f"{key}: lists of unequal length. Fill the shorter ones up, ids with ''."
        ) from error
    kind = "string" if array.dtype.kind in "USO" else array.dtype.name
    if array.dtype.kind == "O" and not all(isinstance(x, str | bytes) for x in array.flat):
        kind = "mixed types"
    if array.size == 0 and kind != wanted.dtype:  # an empty list says nothing of its type
        array, kind = (
            array.astype(object if wanted.dtype == "string" else wanted.dtype),
            wanted.dtype,
        )
    if kind != wanted.dtype:
        raise invalid(f"{key} is of {kind}; expected {wanted.dtype}.")
    return array
