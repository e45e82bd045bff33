from kerasrec.losses import MeanSquaredError


def test_by_hand(check_loss):
    logits = [[1, 9], [2, 9], [-1, -1e9], [0.5, 9]]
    check_loss(MeanSquaredError, [1, 4, 2, 0], logits, [0, 4, 9, 0.25])
