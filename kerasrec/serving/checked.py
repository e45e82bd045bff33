"""Inputs of a request as arrays that fit a signature, or a sentence that says what does not."""

import numpy as np

from kerasrec.serving.refusal import Refusal, invalid

EXPLAINED = "recommend_explained"
# A user stands for a history in the export, whose length the request does not show.
STORED = 128
DEFAULT = "serving_default"


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
    if extra := sorted(set(inputs) - set(signature.inputs)):
        raise invalid(
            f"Inputs contains invalid name: {', '.join(extra)}. "
            f"{name} takes {', '.join(sorted(signature.inputs))}."
        )
    values = {}
    for key, wanted in signature.inputs.items():
        if key in inputs:
            values[key] = _fitting(key, wanted, inputs[key])
        elif wanted.default is not None:
            values[key] = wanted.default
        else:
            # tensorflow/cc/saved_model/util.cc: GetInputValues.
            raise invalid(
                f"Signature input alias: {key} not found in request and no default value provided. "
                f"{name} takes {', '.join(sorted(signature.inputs))}."
            )
    _check_sizes(name, values, limits)
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
    if wanted.shape is not None:
        fits = array.ndim == len(wanted.shape) and all(
            size is None or size == found
            for size, found in zip(wanted.shape, array.shape, strict=True)
        )
        if not fits:
            expected = ", ".join("any" if size is None else str(size) for size in wanted.shape)
            raise invalid(f"{key} has the shape {list(array.shape)}; expected [{expected}].")
    return array


def _check_sizes(name, values, limits):
    counts = {key: len(array) for key, array in values.items() if array.ndim}
    rows = max(counts.values(), default=1)
    if wrong := {key: count for key, count in counts.items() if count not in (1, rows)}:
        key, count = wrong.popitem()
        raise invalid(
            f"{key} has {count} rows and another input {rows}: give the same number, or 1 for all."
        )
    if rows > limits.rows:
        raise invalid(
            f"A request of {rows} rows: at most {limits.rows} are answered at once. Split it."
        )
    most = limits.explained if name == EXPLAINED else limits.values
    for key, array in values.items():
        width = array.size // max(1, len(array)) if array.ndim else 1
        width = max(width, STORED) if name == EXPLAINED else width
        if rows * width > most:
            raise invalid(
                f"{key}: lists of {width} in {rows} rows are more than the {most} values that "
                f"{name} takes at once. Shorten the lists, or split the request."
            )
