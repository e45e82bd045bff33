import keras
import numpy as np
import pytest

from kerasrec import models
from kerasrec.data import load
from kerasrec.errors import InputError
from kerasrec.evaluation import baselines
from kerasrec.models.precision import in_float32, policy_scope
from kerasrec_zoo import EASE, MatrixFactorization, Popularity


@pytest.fixture(scope="module")
def train():
    return load("synthetic", users=40, items=100)


@pytest.fixture(scope="module")
def half(train):
    with policy_scope("mixed_bfloat16"):
        model = MatrixFactorization(train.schema(), dim=4)
        model.adapt(train)
        return model


def test_the_policy_is_restored_after_a_constructor_fails(train):
    with policy_scope("mixed_float16"):
        for cls, wrong in ((EASE, {"l2": -1.0}), (MatrixFactorization, {"candidates": "none"})):
            with pytest.raises(InputError):
                cls(train.schema(), **wrong)
            assert keras.config.dtype_policy().name == "mixed_float16"
    assert keras.config.dtype_policy().name == "float32"


def test_baselines_of_a_half_precision_model_are_float32(train, half):
    class Split:
        pass

    Split.train = train
    with policy_scope("mixed_bfloat16"):
        found = baselines.adapted(["Popularity", "EASE"], Split, type(half), 50)
    users = list(train.users.vocabulary.ids)
    for model in found:
        full = type(model)(train.schema())
        full.adapt(train)
        answers = [each.recommend(users=users, k=10) for each in (model, full)]
        assert answers[0].equals(answers[1])


def test_a_checkpoint_keeps_policy_and_answers(train, half, tmp_path):
    half.save(tmp_path / "checkpoint")
    users = list(train.users.vocabulary.ids)
    for now in ("float32", "mixed_float16"):
        with policy_scope(now):
            again = models.load(tmp_path / "checkpoint")
            assert again.recommend(users=users).equals(half.recommend(users=users))
        assert again.dtype_policy.name == "mixed_bfloat16"


def test_in_float32_keeps_the_weights(train, half):
    full = in_float32(half)
    assert full.dtype_policy.name == "float32" and in_float32(full) is full
    # Biases and mean are 0, so the score is the dot product.
    user, item = (tower.get_weights()[0] for tower in towers(half))
    inputs = {"user": np.array([2, 3], "int32")}
    np.testing.assert_allclose(
        full.score_pairs(inputs, [4, 5]), (user[2:4] * item[4:6]).sum(axis=1), rtol=1e-6
    )


def towers(model):
    layers = {layer.name: layer for layer in model._flatten_layers()}
    return layers["user_tower"], layers["item_tower_ids"]


def test_a_weight_that_is_nan_is_refused(train):
    model = Popularity(train.schema())
    model.adapt(train)
    counts = np.array(model.catalog.tables["count"])
    counts[7] = np.nan
    model.catalog.tables["count"].assign(counts)
    for call in (
        model.recommend,
        lambda users: model.score(users, items=[train.items.vocabulary.ids[5]]),
    ):
        with pytest.raises(InputError, match="item_catalog/count holds NaN or infinity"):
            call(users=[train.users.vocabulary.ids[0]])
