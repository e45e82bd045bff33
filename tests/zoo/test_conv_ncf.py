"""What is ConvNCF's own."""

import keras
import numpy as np
import pytest

from kerasrec import models
from kerasrec.data import batches
from kerasrec.data.schema import Schema
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.losses import BinaryCrossentropy
from kerasrec.optimizers import LazyAdam
from kerasrec_zoo.conv_ncf import ConvNCF

pytestmark = pytest.mark.slow

USERS, ITEMS = np.array([2, 3, 9]), np.array([5, 2, 13])
FORMS = {
    "outer": {"dim": 8, "filters": (3, 4, 5)},
    "outer, four pixels left": {"dim": 8, "filters": (3, 4)},
    "stack": {"dim": 6, "interaction": "stack", "filters": (4, 3)},
    "stack of three": {"dim": 6, "interaction": "stack", "filters": (4,), "kernel_size": 3},
}


@pytest.fixture(params=FORMS)
def model(request, checkerboard):
    keras.utils.set_random_seed(0)
    model = ConvNCF(checkerboard.schema(), **FORMS[request.param])
    model.adapt(checkerboard)
    for weight in model.scorer.head.trainable_weights:
        if weight.path.endswith("bias"):
            weight.assign(np.linspace(0.1, 0.2, weight.shape[0]))
    straight = model.scorer.head.get_layer("straight")
    np.testing.assert_array_equal(straight.kernel, np.eye(model.dim))
    straight.kernel.assign(np.random.default_rng(0).normal(size=straight.kernel.shape))
    return model


def expected(model, users, items):
    """The network as the paper draws it, with Keras's own convolutions, and the bilinear form."""
    p = np.array(model.query_model.get_layer("user_tower").table.embeddings)[users]
    q = np.array(model.item_tower.encoder.get_layer("item_tower_ids").table.embeddings)[items]
    head = model.scorer.head
    weights = [
        weight.numpy()
        for layer in head.layers
        if layer.name not in ("straight", "last")
        for weight in layer.weights
    ]
    outer = model.interaction == "outer"
    x = np.einsum("ni,nj->nij", p, q)[..., None] if outer else np.stack([p, q], axis=-1)
    for n, width in enumerate(model.filters):
        kernel, bias = weights[2 * n : 2 * n + 2]
        if outer:
            layer = keras.layers.Conv2D(width, 2, strides=2, activation="relu")
            kernel = kernel.reshape(2, 2, -1, width)
        else:
            layer = keras.layers.Conv1D(width, model.kernel_size, padding="same", activation="relu")
        layer.build(x.shape)
        layer.set_weights([kernel, bias])
        x = np.array(layer(x))
    by_convolution = x.reshape(len(x), -1) @ head.get_layer("last").kernel.numpy()
    return by_convolution[:, 0] + np.sum(p @ head.get_layer("straight").kernel * q, axis=-1)


def test_the_score_by_hand_is_the_papers_and_a_bilinear_form(model):
    scores = model.score_pairs({"user": USERS}, ITEMS)
    np.testing.assert_allclose(scores, expected(model, USERS, ITEMS), atol=1e-6)
    assert len(np.unique(scores)) == 3


def test_ranking_in_parts_is_ranking(model, checkerboard):
    # Two items that nobody has touched are the unknown one.
    known = np.where(checkerboard.item_counts() > 0, np.arange(16), 1)
    right = expected(model, np.full(16, 4), known)
    # Fourteen items, five or fewer at a time.
    model.scorer.pairs_at_once = 5
    rows, scores = model.top_k({"user": np.array([4], "int32")}, 14)
    np.testing.assert_allclose(scores[0], right[rows[0]], atol=1e-6)
    np.testing.assert_allclose(scores[0], np.sort(right[2:])[::-1], atol=1e-6)


def test_the_convolution_alone_by_hand(checkerboard):
    """score = <w, relu(A [p_f, q_f] + a) for each factor f> + b, and nothing else."""
    form = {"dim": 6, "interaction": "stack", "filters": (4,), "bilinear": False}
    model = ConvNCF(checkerboard.schema(), candidates="pair", **form)
    model.adapt(checkerboard)
    for weight in model.scorer.head.trainable_weights:
        weight.assign(np.random.default_rng(0).normal(size=weight.shape))
    kernel, a, w, b = model.scorer.head.get_weights()
    p = np.array(model.query_model.get_layer("user_tower").table.embeddings)[USERS]
    q = np.array(model.item_tower.encoder.get_layer("item_tower_ids").table.embeddings)[ITEMS]
    hidden = np.maximum(np.stack([p, q], axis=-1) @ kernel[0] + a, 0).reshape(3, -1)
    scores = model.score_pairs({"user": USERS}, ITEMS)
    np.testing.assert_allclose(scores, (hidden @ w + b)[:, 0], atol=1e-6)
    assert abs(b[0]) > 0.1


@pytest.mark.export
def test_checkpoint_and_export_answer_as_the_model(model, tmp_path):
    model.save(tmp_path / "checkpoint")
    again = models.load(tmp_path / "checkpoint")
    scores = model.score_pairs({"user": USERS}, ITEMS)
    np.testing.assert_array_equal(again.score_pairs({"user": USERS}, ITEMS), scores)
    if model.filters == (3, 4, 5):
        assert export(again, tmp_path / "1", k=5)["difference"] <= 1e-5


@pytest.mark.parametrize(
    "form", [{"filters": (16, 16, 16, 16)}, {"interaction": "stack", "filters": (32, 16)}], ids=str
)
def test_cross_entropy_learns_the_checkerboard(checkerboard, form):
    keras.utils.set_random_seed(0)
    model = ConvNCF(checkerboard.schema(), dim=16, num_negatives=8, **form)
    model.adapt(checkerboard)
    model.compile(LazyAdam(0.02), BinaryCrossentropy(), steps_per_execution=4)
    model.fit(batches(checkerboard, model.train_inputs, batch_size=16).repeat(60), verbose=0)
    users = list(checkerboard.users.vocabulary.ids)
    answer = model.recommend(users=users, k=1, allow=[str(n) for n in range(12)])
    assert answer["item"].tolist() == users


@pytest.mark.parametrize(
    "given,said",
    [
        ({"interaction": "inner"}, "interaction must be one of outer, stack: got 'inner'"),
        ({"dim": 48}, "dim=48: expected a power of two"),
        ({"dim": 0}, "dim=0: expected a power of two"),
        ({"dim": 16}, "dim=16 can be halved 4 times, and .* 6 convolutions: .* or dim=64"),
        ({"filters": ()}, "filters: expected a width from 1 for each convolution"),
        ({"filters": (8, 0)}, "filters: expected a width from 1 for each convolution"),
        ({"interaction": "stack", "kernel_size": 0}, "kernel_size: expected a whole number from 1"),
        ({"candidates": "some"}, "candidates must be one of"),
    ],
)
def test_wrong_arguments_are_refused(given, said):
    with pytest.raises(InputError, match=said):
        ConvNCF(Schema(5, 6), **given)
