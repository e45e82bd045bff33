import keras
import numpy as np
import pytest

from kerasrec import losses
from kerasrec.layers import PairCandidates


@pytest.mark.slow
@pytest.mark.parametrize(
    "loss,expected",
    [
        (keras.losses.MeanSquaredError(), (5 - 3) ** 2),
        (losses.MeanSquaredError(), (5 - 3) ** 2),
        (keras.losses.BinaryCrossentropy(from_logits=True), None),
        (losses.BinaryCrossentropy(), None),
    ],
)
def test_keras_losses_read_the_single_column(loss, expected):
    """Two pairs with logits 3 and -1, values 5 and -1 (ratings) or 1 and 0 (clicks)."""
    table = keras.layers.Embedding(4, 2)
    table.build()
    table.set_weights([np.array([[0, 0], [0, 0], [1, 2], [0, -1]], "float32")])
    query, item = keras.Input((2,)), keras.Input((), dtype="int32")
    model = keras.Model([query, item], PairCandidates(4)(query, item, item_model=table))
    model.compile("sgd", loss)
    values = np.array([5.0, -1.0])
    if expected is None:
        values = np.array([1.0, 0.0])
        expected = np.log1p(np.exp(-3)) + np.log1p(np.exp(-1))
    inputs = [np.ones((2, 2), "float32"), np.array([2, 3])]
    history = model.fit(inputs, values, epochs=1, verbose=0)
    np.testing.assert_allclose(history.history["loss"], [expected / 2], atol=1e-6)


def test_several_items_of_one_query_are_gathered_from_all_scores():
    """Items 2 and 3 have the vectors (1, 2) and (0, -1); the queries are (1, 1) and (2, 0)."""
    table = np.array([[0, 0], [0, 0], [1, 2], [0, -1]], "float32")
    query = np.array([[1, 1], [2, 0]], "float32")
    logits = PairCandidates(4)(query, np.array([[3, 2], [2, 0]]), item_model=lambda r: table[r])
    assert logits.numpy().tolist() == [[[-1.0], [3.0]], [[2.0], [0.0]]]
