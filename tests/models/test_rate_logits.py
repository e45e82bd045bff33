import numpy as np
import pytest

from kerasrec.models.rate_logits import rate_logits

VALUES = np.array([[0.0, 0.2], [1.5, 0.75], [2.0, 1.0], [3.0, 0.0]], "float32")


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        # log(1/4), log(3); a rate of 1 or 0 is 2**-20 off.
        ("binary", [-np.log(4), np.log(3), 20 * np.log(2), -20 * np.log(2)]),
        ("count", [np.log(0.2), np.log(0.75), 0.0, -20 * np.log(2)]),
        ("seconds", [np.log(0.2), np.log(0.75), 0.0, -20 * np.log(2)]),
        ("rating", [0.2, 0.75, 1.0, 0.0]),
    ],
)
def test_by_hand(kind, expected):
    found = np.asarray(rate_logits(VALUES, kind))
    assert found[:, 0].tolist() == VALUES[:, 0].tolist()
    np.testing.assert_allclose(found[:, 1], expected, rtol=1e-6, atol=1e-6)
