"""Sizes that are refused; what a request may hold besides is in test_version.py."""

import numpy as np
import pytest

from kerasrec.savedmodel.c_loader import Signature, Tensor
from kerasrec.serving.checked import EXPLAINED, checked
from kerasrec.serving.limits import Limits
from kerasrec.serving.refusal import Refusal

INPUTS = {
    "user": Tensor("user:0", "string", (None,)),
    "history": Tensor("history:0", "string", (None, None), np.array([[b""]])),
}
LIMITS = Limits(rows=8, values=32, explained=640)


@pytest.mark.parametrize(
    ("name", "rows", "width", "sentence"),
    [
        ("recommend", 9, 1, "A request of 9 rows: at most 8 are answered at once. Split it."),
        ("recommend", 8, 4, None),
        ("recommend", 8, 5, "history: lists of 5 in 8 rows are more than the 32 values"),
        ("recommend", 1, 32, None),
        # One list for all users is as long as one for each.
        ("recommend", (8, 1), 5, "history: lists of 5 in 8 rows"),
        (EXPLAINED, 5, 128, None),
        (EXPLAINED, 5, 129, "history: lists of 129 in 5 rows are more than the 640 values"),
        # Users whose stored histories nobody sees.
        (EXPLAINED, 6, 1, "lists of 128 in 6 rows"),
    ],
)
def test_rows_and_widths_are_bounded(name, rows, width, sentence):
    users, lists = rows if isinstance(rows, tuple) else (rows, rows)
    inputs = {"user": ["u"] * users, "history": [["a"] * width] * lists}
    if sentence is None:
        found = checked(name, Signature(INPUTS, {}), inputs, LIMITS)
        assert found["history"].shape == (lists, width)
        return
    with pytest.raises(Refusal, match=sentence) as caught:
        checked(name, Signature(INPUTS, {}), inputs, LIMITS)
    assert caught.value.http == 400


def test_defaults_count_as_well():
    found = checked("recommend", Signature(INPUTS, {}), {"user": ["u"] * 8}, LIMITS)
    assert found["history"].tolist() == [[b""]]
