"""Every zoo model under every dtype policy: what is trained in it, what is not, and the ranking."""

import dataclasses
import functools
import inspect

import keras
import numpy as np
import pytest

import kerasrec_zoo
from kerasrec.data import batches
from kerasrec.errors import InputError
from kerasrec.layers import PopularWhenEmpty
from kerasrec.losses import MeanSquaredError, Softmax
from kerasrec.models.contract.models_of import models_of
from kerasrec.models.precision import policy_scope
from kerasrec.optimizers import LazyAdam

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]
MODELS = models_of(kerasrec_zoo)
TRAINED = [cls for cls in MODELS if cls.trained]
COUNTED = [cls for cls in MODELS if not cls.trained]
HALF = ["mixed_bfloat16", "mixed_float16"]
# All users and one who did nothing.
ASKED = np.append(np.arange(2, 14), 1).astype("int32")
COUNTS = 70_000.0 + np.arange(16)

half = pytest.mark.parametrize("policy", HALF)
trained_models = pytest.mark.parametrize("cls", TRAINED, ids=lambda cls: cls.__name__)
counted_models = pytest.mark.parametrize("cls", COUNTED, ids=lambda cls: cls.__name__)


@pytest.fixture(scope="module")
def under(make, checkerboard):
    """`under(policy, cls, **given)`: an adapted model of that policy, made once, as it was made."""

    @functools.cache
    def made(policy, cls, given):
        still = {"dropout": 0.0} if "dropout" in inspect.signature(cls).parameters else {}
        with policy_scope(policy):
            model = make(cls, checkerboard, **{**still, **dict(given)})
        return model, model.get_weights()

    def under(policy, cls, **given):
        model, weights = made(policy, cls, tuple(given.items()))
        model.set_weights(weights)
        return model

    return under


def queries(model):
    return {"user": ASKED, "history": model.histories.take(ASKED).padded(8)}


def assert_ranks_what_it_reports(model):
    """The rows are the float32 argsort of the scores of all items, equal ones in their order."""
    inputs, catalog = queries(model), np.asarray(model.encode_catalog())
    found, scores = model.top_k(inputs, 14, catalog=catalog)
    every = model.score_catalog(model.encode_queries(inputs), catalog)
    every = keras.ops.convert_to_numpy(every)
    assert every.dtype == scores.dtype == "float32" and np.isfinite(scores).all()
    order = np.argsort(-every[:, 2:], axis=1, kind="stable") + 2
    if model.horizon > 1:  # a sequence comes first, then the rest by the first step
        first = found[:, : model.horizon]
        order = [row[~np.isin(row, one)] for row, one in zip(order, first, strict=True)]
        found = found[:, model.horizon :]
    else:
        np.testing.assert_array_equal(scores, np.take_along_axis(every, found, axis=1))
    np.testing.assert_array_equal(found, order)


@half
@trained_models
def test_a_ranking_is_that_of_the_scores(cls, policy, under):
    model, random = under(policy, cls), np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(weight + random.normal(0.0, 0.3, weight.shape))
    # float16 holds none of these counts, bfloat16 tells none of them from the next.
    model.catalog.tables["count"].assign(COUNTS)
    assert model.dtype_policy.name == policy
    assert_ranks_what_it_reports(model)
    if any(isinstance(layer, PopularWhenEmpty) for layer in model.item_tower.encoder.layers):
        last = {name: x[-1:] for name, x in queries(model).items()}
        assert model.top_k(last, 14)[0][0].tolist() == list(range(15, 1, -1))


@half
@counted_models
def test_what_is_counted_is_float32(cls, policy, learn, trained):
    whole = trained(cls).model
    with policy_scope(policy):
        model = learn(cls).model
        answers = [each.top_k(queries(each), 14) for each in (whole, model)]
        asked = {**queries(model), "user": np.repeat(ASKED[:1], 14)}
        asked["history"] = np.repeat(asked["history"][:1], 14, axis=0)
        pairs = [each.score_pairs(asked, np.arange(2, 16)) for each in (whole, model)]
    assert not model.trainable_weights
    assert {layer.dtype_policy.name for layer in model._flatten_layers()} == {"float32"}
    np.testing.assert_array_equal(answers[0][0], answers[1][0])
    np.testing.assert_allclose(answers[0][1], answers[1][1], rtol=1e-6)
    np.testing.assert_allclose(*pairs, rtol=1e-6)
    assert_ranks_what_it_reports(model)


@pytest.fixture(scope="module")
def learn_one_batch(checkerboard):
    """`learn_one_batch(model, steps)`: the losses of the same batch, step by step."""
    stars = 1.0 + (checkerboard.user + 2 * checkerboard.item) % 5
    data = {False: checkerboard, True: dataclasses.replace(checkerboard, value=stars)}

    @functools.cache
    def batch(rates, inputs, **options):
        (one,) = batches(data[rates], inputs, batch_size=64, history_length=8, **options).take(1)
        return one

    def learn(model, steps):
        rates = model.predicts_values
        if rates:
            model.adapt(data[True])
        model.compile(LazyAdam(0.01), MeanSquaredError() if rates else Softmax())
        one = batch(rates, model.train_inputs, steps=model.steps, horizon=model.horizon)
        drawn = [variable for variable in model.variables if "seed" in variable.path]
        start, losses = [np.array(variable) for variable in drawn], []
        for _ in range(steps):
            # The same negatives and masks, or the loss of so few steps falls and rises by chance.
            for variable, value in zip(drawn, start, strict=True):
                variable.assign(value)
            losses.append(float(model.train_on_batch(*one)))
        return losses

    return learn


COSINES = [
    pytest.param(cls, {"temperature": 0.1}, id=f"{cls.__name__}-cosine")
    for cls in TRAINED
    if "temperature" in inspect.signature(cls).parameters
]


@half
@pytest.mark.parametrize(
    "cls,given", [*(pytest.param(cls, {}, id=cls.__name__) for cls in TRAINED), *COSINES]
)
def test_half_precision_trains(cls, given, policy, under, learn_one_batch):
    model = under(policy, cls, **given)
    before = [np.array(weight) for weight in model.trainable_weights]
    losses = learn_one_batch(model, 3 if given else 2)
    assert losses[-1] < losses[0]
    moved = [
        not np.array_equal(old, new)
        for old, new in zip(before, model.trainable_weights, strict=True)
    ]
    # A softmax does not move what raises all candidates alike.
    assert sum(moved) >= len(moved) - 2
    if policy == "mixed_float16":
        # The scale of the loss is found by trying: a first step may be skipped, and not the next.
        assert int(model.optimizer.inner_optimizer.iterations) >= 2


@trained_models
def test_float64_trains_a_step_and_ranks(cls, under, learn_one_batch):
    keras.config.set_floatx("float64")
    try:
        model = under("float64", cls)
        assert np.isfinite(learn_one_batch(model, 1)).all()
        assert_ranks_what_it_reports(model)
    finally:
        keras.config.set_floatx("float32")


@pytest.mark.parametrize("policy", ["float16", "bfloat16"])
@trained_models
def test_weights_in_half_precision_are_refused(cls, policy, under):
    with pytest.raises(InputError, match=f"{cls.__name__} cannot be trained.*'{policy}'.*mixed_"):
        under(policy, cls)
    assert keras.config.dtype_policy().name == "float32"


@trained_models
def test_declares_the_dtypes_that_it_gives(cls, under):
    model = under("mixed_float16", cls)
    stored = {name: np.array(table)[ASKED] for name, table in model.catalog.tables.items()}
    given = {**stored, **queries(model), "item": ASKED}
    for graph in (model.query_model, model.item_tower.encoder):
        nodes = [node for level in graph._nodes_by_depth.values() for node in level]
        symbols = [tensor for node in nodes for tensor in node.outputs]
        whole = keras.Model(graph.input, symbols)
        values = whole({name: given[name] for name in graph.input})
        wrong = [
            (symbol.name, symbol.dtype, value.dtype.name)
            for symbol, value in zip(symbols, values, strict=True)
            if value.dtype.name != symbol.dtype
        ]
        assert wrong == []
