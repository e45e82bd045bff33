import numpy as np

from kerasrec.losses import Softmax

LOG = np.log


def test_by_hand(check_loss):
    logits = [[LOG(2), LOG(3), LOG(5)], [LOG(7), LOG(1), -1e9], [3, -1e9, -1e9], [500, 500, -500]]
    expected = [LOG(10 / 2), LOG(8 / 7), 0.0, LOG(2)]
    check_loss(Softmax, [1, 1, 0, 5], logits, expected)


def test_one_column_has_nothing_to_learn():
    np.testing.assert_allclose(Softmax()(np.ones(2), np.array([[3.0], [-2.0]])), 0.0)
