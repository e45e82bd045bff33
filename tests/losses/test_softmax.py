import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.losses import Softmax

LOG = np.log


def test_by_hand(check_loss):
    logits = [[LOG(2), LOG(3), LOG(5)], [LOG(7), LOG(1), -1e9], [3, -1e9, -1e9], [500, 500, -500]]
    expected = [LOG(10 / 2), LOG(8 / 7), 0.0, LOG(2)]
    check_loss(Softmax, [1, 1, 0, 5], logits, expected)


def test_pair_without_negatives_is_refused():
    with pytest.raises(InputError, match="candidates='pair' has none"):
        Softmax()(np.ones(3), np.ones((3, 1), "float32"))
