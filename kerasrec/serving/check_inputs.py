"""Checks the inputs of a request against a signature and converts them to arrays."""

import itertools

import numpy as np

from kerasrec.serving.refusal import Refusal, invalid
from kerasrec.serving.request_size import check_shapes

DEFAULT = "serving_default"
SHOWN = 8


def find_signature(signatures, name):
    """Returns the name of a signature and its `Signature`; "" is the default one.

    Raises:
        Refusal: if there is no signature of that name.
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
    """Checks that a signature has the given inputs, and defaults for the missing ones.

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


def check_inputs(name, signature, inputs, limits):
    """Converts all inputs of a signature to arrays; missing inputs take their defaults.

    Args:
        name: Name of the signature.
        signature: Its `kerasrec.savedmodel.c_loader.Signature`.
        inputs: Name -> array or nested lists; strings may be str or bytes.
        limits: A `Limits`.

    Returns:
        Name -> array, for every input of the signature.

    Raises:
        Refusal: for an unknown or missing input, a wrong type or shape, or too many values.
    """
    check_names(name, signature, inputs)
    values = {
        key: _as_array(key, wanted, inputs[key]) if key in inputs else wanted.default
        for key, wanted in signature.inputs.items()
    }
    check_shapes(name, signature, {key: array.shape for key, array in values.items()}, limits)
    return values


def _as_array(key, wanted, given):
    try:
        array = np.asarray(given)
    except ValueError as error:
        raise invalid(
            f"{key}: lists of unequal length. Pad the shorter ones, ids with ''."
        ) from error
    kind = "string" if array.dtype.kind in "USO" else array.dtype.name
    if array.dtype.kind == "O" and not all(isinstance(x, str | bytes) for x in array.flat):
        kind = "mixed types"
    if array.size == 0 and kind != wanted.dtype:  # an empty list has no type of its own
        array, kind = (
            array.astype(object if wanted.dtype == "string" else wanted.dtype),
            wanted.dtype,
        )
    if kind != wanted.dtype:
        raise invalid(f"{key}: expected {wanted.dtype}, got {kind}.")
    return array
