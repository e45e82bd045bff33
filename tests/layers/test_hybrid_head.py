import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import HybridHead

USER = np.array([[1.0, 2.0], [0.5, 0.0]], "float32")
CF = np.array([[3.0, -1.0], [2.0, 2.0]], "float32")
CONTENT = np.array([[1.0, 0.0, 2.0], [0.0, 1.0, 0.0]], "float32")
COUNT = np.array([0.0, 3.0], "float32")
INPUTS = {"user": USER, "cf": CF, "content": CONTENT, "count": COUNT}


def head(alpha, kernel=((1.0, 0.0, 2.0), (0.0, 1.0, 1.0)), bias=(0.5, 0.0, -1.0)):
    layer = HybridHead(2, 3, alpha)
    layer.build(None)
    layer.projection.set_weights([np.array(kernel), np.array(bias)])
    return layer


@pytest.mark.parametrize("alpha", ["gated", 0.25])
def test_layer_contract(check_layer, alpha):
    check_layer(HybridHead, {"dim": 2, "content_dim": 3, "alpha": alpha}, INPUTS)


def test_by_hand():
    # <U, V> = 1 and 1; W U + b = [1.5, 2, 3] and [1, 0, 0]; <C, .> = 7.5 and 0
    np.testing.assert_allclose(head(0.25)(USER, CF, CONTENT), [5.875, 0.25])
    np.testing.assert_allclose(head("learned")(USER, CF, CONTENT), [4.25, 0.5])
    # gate(0) = 0 and gate(3) = sigmoid(log 4) = 0.8
    np.testing.assert_allclose(head("gated")(**INPUTS), [7.5, 0.8], atol=1e-6)


@pytest.mark.parametrize("alpha", [0.0, 0.25, 1.0, "learned", "gated"])
def test_the_score_is_one_dot_product(alpha):
    layer = head(alpha)
    query, candidate = layer.query(USER), layer.candidate(CF, CONTENT, COUNT)
    assert query.shape == candidate.shape == (2, 5)
    np.testing.assert_allclose(layer(**INPUTS), np.sum(query * candidate, -1), atol=1e-6)
    mixing = np.broadcast_to(layer.mixing(COUNT), 2)[:, None]
    np.testing.assert_allclose(candidate[:, :2], mixing * CF, atol=1e-6)
    np.testing.assert_allclose(candidate[:, 2:], (1 - mixing) * CONTENT, atol=1e-6)


def test_item_without_interactions_is_scored_by_content():
    layer = head("gated")
    layer.intercept.assign(50.0)
    assert float(layer.mixing(np.zeros(1))[0]) == 0.0
    other = {**INPUTS, "cf": CF + 100.0}
    assert float(layer(**INPUTS)[0]) == float(layer(**other)[0])


def test_counts_beyond_float16():
    layer = HybridHead(2, 3, "gated", dtype="mixed_float16")
    seen = layer.mixing(np.array([1e6]))
    assert 0.99 < float(seen[0]) < 1.0


def test_learned_alpha_stays_between_0_and_1():
    layer = head("learned")
    assert float(layer.mixing()) == 0.5
    for logit in (-15.0, 15.0):
        layer.logit.assign(logit)
        assert 0.0 < float(layer.mixing()) < 1.0


@pytest.mark.parametrize("alpha,names", [("learned", ["logit"]), ("gated", ["slope", "intercept"])])
def test_the_parts_are_trained_in_a_functional_model(alpha, names, tmp_path):
    layer = head(alpha)
    inputs = [keras.Input(array.shape[1:]) for array in INPUTS.values()]
    query, candidate = layer.query(inputs[0]), layer.candidate(*inputs[1:])
    model = keras.Model(inputs, [keras.ops.sum(query * candidate, axis=-1), layer(*inputs)])
    model.compile("sgd", ["mse", None])
    before = {variable.name: np.array(variable) for variable in layer.trainable_variables}
    assert {"kernel", "bias", *names} == set(before)
    model.train_on_batch(list(INPUTS.values()), [np.ones(2), np.ones(2)])
    for variable in layer.trainable_variables:
        assert np.abs(before[variable.name] - variable).max() > 1e-4, variable.name
    model.save(tmp_path / "model.keras")
    one, two = keras.models.load_model(tmp_path / "model.keras")(list(INPUTS.values()))
    np.testing.assert_allclose(one, layer(**INPUTS), atol=1e-6)
    np.testing.assert_allclose(one, two, atol=1e-6)


@pytest.mark.parametrize("alpha", [-0.1, 1.5, "fixed"])
def test_wrong_alpha(alpha):
    with pytest.raises(InputError, match=r"expected 'learned', 'gated' or a number in \[0, 1\]"):
        HybridHead(2, 3, alpha)


def test_gated_needs_counts():
    with pytest.raises(InputError, match="count is missing"):
        head("gated")(USER, CF, CONTENT)
