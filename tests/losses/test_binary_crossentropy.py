import numpy as np

from kerasrec.losses import BinaryCrossentropy


def liked(logit):
    return np.log1p(np.exp(-logit))


def test_by_hand(check_loss):
    logits = [[1, 0, 3], [2, -1e9, 2], [5, -1e9, -1e9], [-400, 1, -1e9]]
    expected = [
        liked(1) + (liked(0) + liked(-3)) / 2,
        liked(2) + liked(-2),
        liked(-5),
        400 + liked(-1),
    ]
    check_loss(BinaryCrossentropy, [1, 4, 0, 0.5], logits, expected)
