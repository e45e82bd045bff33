import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers.transition_scores import TransitionScores

# Item 2 -> 3 (.5), 4 (-1); item 3 -> 2 (.25); items 0, 1 and 4 -> nothing.
NEIGHBOURS = [[0, 0], [0, 0], [3, 4], [2, 0], [0, 0]]
WEIGHT = [[0, 0], [0, 0], [0.5, -1.0], [0.25, 0], [0, 0]]
PRIOR = [0, 0, 0, 0.125, 1]


@pytest.fixture
def layer():
    layer = TransitionScores(5, num_neighbours=2, last=2, decay=0.5, name="scores")
    layer.assign(NEIGHBOURS, WEIGHT, PRIOR)
    return layer


def test_weights_decay_with_age(layer, tmp_path):
    history = keras.Input((None,), dtype="int32")
    model = keras.Model(history, layer(history))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    found = again(np.array([[2, 3, 0], [3, 2, 0], [2, 2, 3], [2, 2, 2], [0, 0, 0]]))
    right = [[0, 0, 0.25, 0.25, -0.5], [0, 0, 0.125, 0.5, -1], [0, 0, 0.25, 0.25, -0.5]]
    right += [[0, 0, 0, 0.75, -1.5], [0] * 5]
    np.testing.assert_allclose(found, np.array(right) + PRIOR, atol=1e-7)


def test_padding_and_unknown_are_skipped_at_any_position(layer):
    plain = layer(np.array([[2, 3]]))
    for same in ([2, 3, 0, 0], [0, 2, 0, 3], [2, 1, 3, 1], [4, 2, 1, 1, 3]):
        np.testing.assert_array_equal(layer(np.array([same])), plain)
    np.testing.assert_array_equal(layer(np.array([[1, 1, 1]])), [PRIOR])


def test_equals_the_definition_on_random_tables():
    rng = np.random.default_rng(0)
    neighbours, weight = rng.integers(2, 30, (30, 4)), rng.normal(size=(30, 4))
    weight[:2] = 0
    prior, histories = rng.random(30), rng.integers(0, 30, (12, 9))
    layer = TransitionScores(30, 4, last=5, decay=0.7)
    layer.assign(neighbours, weight, prior)
    right = np.tile(prior, (12, 1))
    for row, history in zip(right, histories, strict=True):
        for p, item in enumerate(history[history > 1][::-1][:5]):
            np.add.at(row, neighbours[item], 0.7**p * weight[item])
    np.testing.assert_allclose(layer(histories), right, atol=1e-5)


def test_contributions_sum_to_the_score_without_the_prior(layer):
    read = np.array([2, 2, 3, 2, 0])
    parts = layer.contributions(read, np.array([2, 3, 4]), np.array([4, 2]))
    np.testing.assert_allclose(parts, [[-1, 0, 0], [0, 0.125, 0]])
    scores = layer(read[None]).numpy()[0] - PRIOR
    np.testing.assert_allclose(np.sum(parts, axis=1), scores[[4, 2]], atol=1e-7)
    np.testing.assert_array_equal(layer.contributions(read * 0, np.array([2]), [4]), [[0]])


def test_keeps_its_arguments_and_its_precision(check_layer):
    arguments = {"num_items": 5, "num_neighbours": 2, "last": 3, "decay": 0.5}
    check_layer(TransitionScores, arguments, {"history": np.array([[2, 3, 0]], "int32")})
    half = TransitionScores(5, 2, dtype="mixed_float16")
    half.assign(NEIGHBOURS, np.array(WEIGHT) * 1e-7, [0] * 5)
    scores = half(np.array([[2]])).numpy()
    assert scores.dtype == "float32" and scores[0, 3] == np.float32(0.5e-7)


@pytest.mark.parametrize("argument,message", [({"last": 0}, "last: "), ({"decay": 0}, "decay")])
def test_wrong_arguments_are_refused(argument, message):
    with pytest.raises(InputError, match=message):
        TransitionScores(5, 2, **argument)
