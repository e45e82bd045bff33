"""The contract of all candidate layers."""

import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import AllCandidates, InBatchCandidates, PairCandidates, SampledCandidates
from kerasrec.losses import MeanSquaredError, Softmax

EVERY = [PairCandidates, InBatchCandidates, SampledCandidates, AllCandidates]
ITEMS = 7
QUERY = np.random.default_rng(0).normal(size=(3, 2, 4)).astype("float32")
ITEM = np.array([[2, 5], [6, 2], [3, 0]])


@pytest.fixture
def table():
    layer = keras.layers.Embedding(ITEMS, 4)
    layer.build()
    return layer


def shapes(layer):
    columns = {
        PairCandidates: 1,
        InBatchCandidates: None,
        SampledCandidates: 1025,
        AllCandidates: 2,
    }
    return columns[type(layer)]


@pytest.mark.parametrize("cls", EVERY)
def test_the_observed_item_comes_first(cls, table):
    layer = cls(ITEMS)
    logits = layer(QUERY, ITEM, item_model=table)
    scores = np.sum(QUERY * table(ITEM), axis=-1)
    if cls is SampledCandidates:  # log of the expected counts: 1024 draws from 5 items
        scores -= np.log(1024 / 5)
    real = ITEM > 0
    np.testing.assert_allclose(np.asarray(logits[..., 0])[real], scores[real], atol=1e-6)
    assert np.isfinite(logits).all()
    assert logits.dtype.name == "float32"


@pytest.mark.parametrize("cls", EVERY)
def test_steps_are_a_longer_batch(cls, table):
    steps = cls(ITEMS)(QUERY, ITEM, item_model=table)
    flat = cls(ITEMS)(QUERY.reshape(6, 4), ITEM.ravel(), item_model=table)
    assert steps.shape == (3, 2, flat.shape[-1])
    np.testing.assert_allclose(np.reshape(steps, flat.shape), flat, atol=1e-6)


@pytest.mark.parametrize("cls", EVERY)
def test_symbolic_shapes(cls, table):
    layer = cls(ITEMS)
    flat = layer(keras.Input((4,)), keras.Input((), dtype="int32"), item_model=table)
    steps = layer(keras.Input((None, 4)), keras.Input((None,), dtype="int32"), item_model=table)
    assert flat.shape == (None, shapes(layer)) and steps.shape == (None, None, shapes(layer))
    assert flat.dtype == steps.dtype == "float32"


@pytest.mark.slow
@pytest.mark.parametrize("cls", EVERY)
def test_an_item_model_given_as_argument_is_trained_and_saved(cls, tmp_path):
    """Keras finds weights by attribute; the item model is a call argument only."""
    rows = keras.Input((), dtype="int32")
    item_model = keras.Model(rows, keras.layers.Dense(4)(keras.layers.Embedding(ITEMS, 4)(rows)))
    query, item = keras.Input((None, 4)), keras.Input((None,), dtype="int32")
    layer = cls(ITEMS)
    model = keras.Model([query, item], layer(query, item, item_model=item_model))
    assert len(model.trainable_variables) == 3
    layer.adapt([0, 0, 1, 2, 3, 4, 5])
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    # Both samplers are at their start: the same negatives.
    np.testing.assert_allclose(loaded([QUERY, ITEM]), model([QUERY, ITEM]), atol=1e-6)
    loss = MeanSquaredError() if cls is PairCandidates else Softmax()
    model.compile(keras.optimizers.SGD(0.1), loss, jit_compile=True)
    before = [np.array(variable) for variable in model.trainable_variables]
    model.train_on_batch([QUERY, ITEM], np.ones(ITEM.shape), (ITEM > 0).astype("float32"))
    for old, variable in zip(before, model.trainable_variables, strict=True):
        assert np.abs(old - variable).max() > 0


@pytest.mark.parametrize("cls", EVERY)
def test_config(cls):
    options = {
        PairCandidates: {},
        InBatchCandidates: {"log_q": False, "mask_accidental_hits": False},
        SampledCandidates: {
            "num_negatives": 3,
            "distribution": "log_uniform",
            "log_q": False,
            "mask_accidental_hits": False,
            "seed": 4,
        },
        AllCandidates: {},
    }[cls]
    layer = cls(ITEMS, **options, name="given")
    config = layer.get_config()
    for name, value in {"num_items": ITEMS, **options}.items():
        assert config[name] == value and getattr(layer, name) == value
    revived = keras.layers.deserialize(keras.layers.serialize(layer))
    assert type(revived) is cls and revived.get_config() == config


@pytest.mark.parametrize("cls", EVERY)
@pytest.mark.parametrize("counts", [[1, 2], [0, 0, 1, 1, 1, 1, -1]])
def test_counts_must_fit(cls, counts):
    with pytest.raises(InputError, match="expected 7 counts >= 0"):
        cls(ITEMS).adapt(counts)


@pytest.mark.parametrize("cls", EVERY)
def test_too_few_rows_are_refused(cls):
    with pytest.raises(InputError, match="at least one item: received 2"):
        cls(2)


@pytest.mark.parametrize("cls", EVERY)
def test_items_absent_from_training_are_no_negatives(cls, table):
    """The vector of such an item does not change the logits of others."""
    layer = cls(ITEMS)
    layer.adapt([0, 0, 3, 1, 0, 1, 2])
    before = np.asarray(layer(QUERY, ITEM, item_model=table))
    layer = cls(ITEMS)
    layer.adapt([0, 0, 3, 1, 0, 1, 2])
    moved = keras.ops.convert_to_numpy(table.embeddings).copy()
    moved[4] += 7.0
    table.embeddings.assign(moved)
    after = np.asarray(layer(QUERY, ITEM, item_model=table))
    shown = np.maximum(before, -1e8)
    np.testing.assert_allclose(np.maximum(after, -1e8), shown, atol=1e-5)
