"""Sizes of requests that are refused; other checks of inputs are in test_version.py."""

import math
import time

import numpy as np
import pytest

from kerasrec.savedmodel.c_loader import Signature, TensorInfo
from kerasrec.serving.check_inputs import check_inputs
from kerasrec.serving.limits import Limits
from kerasrec.serving.refusal import Refusal
from kerasrec.serving.request_size import LONG, check_shapes

INPUTS = {
    "user": TensorInfo("user:0", "string", (None,)),
    "history": TensorInfo("history:0", "string", (None, None), np.array([[b""]])),
}
LIMITS = Limits(rows=8, values=800, explained=640)


@pytest.mark.parametrize(
    ("name", "rows", "width", "sentence"),
    [
        ("recommend", 9, 1, "The request has 9 rows: expected at most 8. Split it."),
        ("recommend", 8, 99, None),
        # The users count too.
        (
            "recommend",
            8,
            100,
            "8 rows of 101 values, 100 of them of history, are more than the 800",
        ),
        ("recommend", 1, 799, None),
        # A one-row list counts once for every row.
        ("recommend", (8, 1), 100, "8 rows of 101 values"),
        (LONG[0], 5, 128, None),
        (LONG[0], 5, 129, "5 rows of 129 values, 129 of them of history, are more than the 640"),
        # Users with stored histories of unknown length.
        (LONG[0], 6, 1, "6 rows of 128 values"),
        # The limits of all signatures also hold for explanations.
        (LONG[0], 1, 640, None),
    ],
)
def test_rows_and_widths_are_limited(name, rows, width, sentence):
    users, lists = rows if isinstance(rows, tuple) else (rows, rows)
    inputs = {"user": ["u"] * users, "history": [["a"] * width] * lists}
    if sentence is None:
        found = check_inputs(name, Signature(INPUTS, {}), inputs, LIMITS)
        assert found["history"].shape == (lists, width)
        return
    with pytest.raises(Refusal, match=sentence) as caught:
        check_inputs(name, Signature(INPUTS, {}), inputs, LIMITS)
    assert caught.value.http == 400


def test_defaults_count_too():
    found = check_inputs("recommend", Signature(INPUTS, {}), {"user": ["u"] * 8}, LIMITS)
    assert found["history"].tolist() == [[b""]]


HUGE = 1 << 62
ANY_RANK = {"x": TensorInfo("x:0", "float32", None)}


@pytest.mark.parametrize(
    ("inputs", "shape", "sentence"),
    [
        (INPUTS, (1, 0), None),
        (INPUTS, [2] * 1_000_000, "history has the shape [2, 2, 2, 2, 2, 2, 2, 2, ...]; expected"),
        (INPUTS, (0, HUGE), "0 rows of"),
        (INPUTS, (HUGE, 0), "rows: expected at most 8"),
        (INPUTS, (1, -1), "history has the shape [1, -1]; expected [any, any]"),
        (ANY_RANK, (1,) * 32, None),
        (ANY_RANK, (1,) * 33, "x has more than 32 dimensions"),
        (ANY_RANK, (1, *[2] * 31), "values"),
        (ANY_RANK, (1, *[HUGE] * 31), "values"),
        (ANY_RANK, (1, -1), "no size may be negative"),
    ],
)
def test_claimed_shapes_are_checked_without_an_array(inputs, shape, sentence):
    signature = Signature({key: inputs[key] for key in list(inputs)[-1:]}, {})
    (key,) = signature.inputs
    start = time.perf_counter()
    if sentence is None:
        check_shapes("recommend", signature, {key: shape}, LIMITS)
        assert np.zeros(shape).size == math.prod(shape)
        return
    with pytest.raises(Refusal) as caught:
        check_shapes("recommend", signature, {key: shape}, LIMITS)
    assert sentence in caught.value.message and len(caught.value.message) < 1000
    assert time.perf_counter() - start < 1
