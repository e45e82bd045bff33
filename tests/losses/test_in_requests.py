import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.losses import (
    BPR,
    InRequests,
    LambdaRank,
    ListSoftmax,
    RankNet,
    UncertaintyWeighted,
)

NAN = np.nan
Y = np.array([[1, 0, NAN], [0, 1, 0]], "float32")
X = np.array([[0.5, 1.0, 9.0], [0.1, 0.7, -2.0]], "float32")


@pytest.mark.parametrize("loss", [RankNet(), LambdaRank(), ListSoftmax()])
@pytest.mark.parametrize("column", [(), (1,)])
def test_rows_are_read_as_the_requests_they_are(loss, column):
    flat = InRequests(loss, 3)(Y.reshape(-1), X.reshape(-1, *column))
    np.testing.assert_allclose(flat, loss(Y, X), rtol=1e-6)


def test_a_request_has_the_mean_weight_of_its_rows_with_a_label():
    weight = np.array([[1, 3, 50], [0, 0, 3]], "float32")
    flat = InRequests(RankNet(), 3)(Y.reshape(-1), X.reshape(-1), weight.reshape(-1))
    np.testing.assert_allclose(flat, RankNet()(Y, X, np.array([2.0, 1.0])), rtol=1e-6)


def test_learned_weights_of_tasks():
    loss = UncertaintyWeighted(RankNet())
    logits = np.stack([X, np.full_like(X, 0.4)], axis=-1)
    flat = InRequests(loss, 3)(Y.reshape(-1), logits.reshape(-1, 2), np.ones(6, "float32"))
    np.testing.assert_allclose(flat, np.exp(-0.4) * RankNet()(Y, X) + 0.2, rtol=1e-6)


def test_it_is_saved_with_its_loss():
    loss = keras.losses.deserialize(keras.losses.serialize(InRequests(LambdaRank(), 3)))
    np.testing.assert_allclose(loss(Y.reshape(-1), X.reshape(-1)), LambdaRank()(Y, X), rtol=1e-6)


@pytest.mark.parametrize("loss", [BPR(), "rank_net"])
def test_other_losses_are_refused(loss):
    with pytest.raises(InputError, match="within a request"):
        InRequests(loss, 3)
