import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.losses import BPR


def pair(difference):
    return np.log1p(np.exp(-difference))


def test_by_hand(check_loss):
    logits = [[1, 0, 3], [2, -1e9, 2], [5, -1e9, -1e9], [-400, 400, -1e9]]
    expected = [(pair(1) + pair(-2)) / 2, pair(0), 0.0, 800.0]
    check_loss(BPR, [1, 1, 0, 5], logits, expected)


def test_pair_without_negatives_is_refused():
    with pytest.raises(InputError, match="candidates='pair' has none"):
        BPR()(np.ones(3), np.ones((3, 1), "float32"))
