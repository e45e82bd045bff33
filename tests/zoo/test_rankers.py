"""What every ranker of the zoo must do. A new one is tested here before anyone writes a test."""

import functools
import inspect
import pathlib

import keras
import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.metrics import roc_auc_score

import kerasrec_zoo
from kerasrec import models
from kerasrec.data import Impressions, Interactions, impression_batches
from kerasrec.data.datasets import FilmShop
from kerasrec.data.schema import Schema
from kerasrec.data.vocabulary import FIRST, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.losses import MaskedBinaryCrossentropy
from kerasrec.models.contract.models_of import models_of
from kerasrec.models.precision import policy_scope

ROOT = pathlib.Path(__file__).resolve().parents[2]
RANKERS = models_of(kerasrec_zoo, rankers=True)
COMPARING = (kerasrec_zoo.DIN, kerasrec_zoo.BST, kerasrec_zoo.YouTubeRanking)
LABELS = ("click", "purchase")
SHOP = FilmShop(users=80, items=60, requests=20)
SMALL = {"dim": 8, "mlp": (16,), "bottom": (16,), "top": (16,), "first": (16,), "second": (16,)}
SMALL |= {"gate": (8,), "num_heads": 2, "attention_dim": 4, "attention": (8,), "expert": (16,)}
SMALL |= {"tower": (8,)}
# Unlike its default, where one more or twice as many is no valid value.
OTHER = {"activation": "relu", "rank": 3, "num_heads": 5}
OTHER |= {"blend": {"purchase": 1.0}}

pytestmark = pytest.mark.parametrize("cls", RANKERS, ids=lambda cls: cls.__name__)
eager = pytest.mark.usefixtures("without_graphs")


@pytest.fixture(scope="module")
def train():
    return SHOP.impressions(LABELS)


def small(cls, data, **given):
    keras.utils.set_random_seed(0)
    names = inspect.signature(cls).parameters
    arguments = {name: SMALL[name] for name in names if name in SMALL}
    model = cls(data.schema(history_length=8), **{**arguments, **given})
    model.adapt(data)
    return model


@pytest.fixture(scope="module")
def made(train):
    """`made(cls)`: an adapted model, made once, in which no weight is zero. Nobody changes it."""

    @functools.cache
    def made(cls):
        model, random = small(cls, train), np.random.default_rng(0)
        for weight in model.trainable_weights:
            if not np.any(weight):
                weight.assign(random.normal(size=weight.shape, scale=0.3))
        return model

    return made


def queries(data, model, rows):
    """The inputs and the items of some impressions, as in a batch."""
    part = data.select(rows)
    names = [*model.query_inputs, "item"]
    batches = impression_batches(
        part, inputs=names, batch_size=len(part), history_length=8, shuffle=False
    )
    x = {name: np.asarray(one) for name, one in next(iter(batches))[0].items()}
    return {name: x[name] for name in model.query_inputs}, x["item"]


ROWS = np.arange(5000, 5040)


def test_at_most_ten_arguments_after_the_schema_and_the_name(cls):
    names = list(inspect.signature(cls).parameters)
    assert names[0] == "schema" and names[-1] == "name" and len(names) - 2 <= 10


def test_config_is_what_was_asked_for(cls, train):
    asked = {}
    for parameter in list(inspect.signature(cls).parameters.values())[1:-1]:
        default = parameter.default
        if parameter.name in OTHER:
            asked[parameter.name] = OTHER[parameter.name]
        elif isinstance(default, bool):
            asked[parameter.name] = not default
        elif isinstance(default, (int, float)):
            asked[parameter.name] = default + (1 if isinstance(default, int) else 0.0625)
        else:
            asked[parameter.name] = (10, 5)
    if "num_heads" in asked:
        asked["dim"] = 10
    model = cls(train.schema(history_length=7), **asked)
    config = model.get_config()
    for name, value in asked.items():
        assert _plain(config[name]) == _plain(value), name
    again = cls.from_config(config)
    assert again.get_config() == config and again.schema == model.schema
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]
    assert ("position" in model.train_inputs) and "position" not in model.query_inputs


@eager
def test_predictions_are_probabilities_and_the_same_alone(cls, made, train):
    model = made(cls)
    inputs, items = queries(train, model, ROWS)
    found = model.predict_tasks(inputs, items)
    assert list(found) == list(LABELS)
    for values in found.values():
        assert values.shape == (len(ROWS),) and values.dtype == "float32"
        assert 0 < values.min() < values.max() < 1
    one = model.predict_tasks({name: x[:1] for name, x in inputs.items()}, items[:1])
    for name in LABELS:
        np.testing.assert_allclose(one[name], found[name][:1], rtol=2e-5)
    np.testing.assert_array_equal(model.score_pairs(inputs, items), found["click"])


@eager
def test_every_input_and_feature_changes_the_score(cls, made, train):
    model = made(cls)
    inputs, items = queries(train, model, ROWS)
    before = model.predict_tasks(inputs, items)
    assert {"user", "hour", "device"} <= set(inputs)
    assert ("history" in inputs) == ("histories" in model.capabilities)
    for name, x in [*inputs.items(), ("item", items)]:
        other = np.roll(x, 1, axis=0)
        if name == "item":
            after = model.predict_tasks(inputs, other)
        else:
            after = model.predict_tasks({**inputs, name: other}, items)
        for task in LABELS:
            assert not np.allclose(before[task], after[task], atol=1e-6), name
    assert model.features_read == ({"group"}, {"genre", "price"})
    for side, name in (("user", "group"), ("item", "genre"), ("item", "price")):
        catalog = getattr(model, f"{side}_catalog")
        columns = getattr(train, f"{side}s").columns
        moved = {**columns, name: np.roll(columns[name], 5, axis=0)}
        catalog.assign(moved)
        after = model.predict_tasks(inputs, items)
        catalog.assign(columns)
        for task in LABELS:
            assert not np.allclose(before[task], after[task], atol=1e-6), name


@eager
def test_padding_does_not_matter(cls, made, train):
    model = made(cls)
    if "history" not in model.query_inputs:
        pytest.skip("reads no history")
    inputs, items = queries(train, model, ROWS)
    steps = [name for name, x in inputs.items() if x.ndim == 2]
    assert "history" in steps
    before = model.predict_tasks(inputs, items)
    wide = {name: np.pad(inputs[name], ((0, 0), (0, 3))) for name in steps}
    after = model.predict_tasks({**inputs, **wide}, items)
    empty = {name: np.zeros_like(inputs[name]) for name in steps}
    without = model.predict_tasks({**inputs, **empty}, items)
    for task in LABELS:
        np.testing.assert_allclose(before[task], after[task], rtol=2e-5)
        assert np.isfinite(without[task]).all()


@eager
def test_unknown_ids_and_values_are_answered_and_said(cls, made):
    model = made(cls)
    with pytest.warns(UserWarning, match="1 unknown user id"):
        answer = model.recommend(
            users=["user-1", "nobody"], k=2, context={"hour": ["9", "77"], "device": "tv"}
        )
    assert len(answer) == 4 and np.isfinite(answer["score"]).all()
    with pytest.warns(UserWarning) as said:
        scores = model.score(users=["user-1"] * 2, items=["item-1", "nothing"])
    assert any("1 unknown item id" in str(one.message) for one in said)
    assert any("hour, device not given" in str(one.message) for one in said)
    assert np.isfinite(scores).all()
    # Rows 0 and 1 of the tables of categories: missing, and unknown.
    inputs = {name: np.full(2, FIRST, "int32") for name in model.query_inputs}
    inputs = {n: x[:, None] if n in ("history", "time_gap") else x for n, x in inputs.items()}
    inputs |= {"hour": np.array([0, UNKNOWN], "int32")}
    assert np.isfinite(model.score_pairs(inputs, np.full(2, FIRST))).all()


@eager
def test_save_and_load(cls, made, train, tmp_path):
    model = made(cls)
    model.save(tmp_path / "checkpoint")
    again = models.load(tmp_path / "checkpoint")
    assert type(again) is cls
    inputs, items = queries(train, model, ROWS)
    before, after = (one.predict_tasks(inputs, items) for one in (model, again))
    for name in LABELS:
        np.testing.assert_array_equal(before[name], after[name])


@pytest.mark.slow
@eager
def test_a_missing_label_moves_no_weight_of_its_task(cls, train):
    # All purchases of the batch are missing: what only the purchase needs keeps its values.
    model = small(cls, train)
    loss = {name: MaskedBinaryCrossentropy() for name in LABELS}
    model.compile(keras.optimizers.SGD(0.1), loss, run_eagerly=True)
    part = train.select(np.arange(64))
    part.labels["purchase"][:] = np.nan
    before = {w.path: np.array(w) for w in model.trainable_weights}
    data = impression_batches(part, inputs=model.train_inputs, batch_size=64, history_length=8)
    assert np.isfinite(model.train_on_batch(*next(iter(data)))).all()
    moved = {w.path for w in model.trainable_weights if not np.array_equal(w, before[w.path])}
    assert all(np.isfinite(w).all() for w in model.trainable_weights)
    assert any("click" in path for path in moved)
    assert [path for path in moved if "purchase" in path] == []


@pytest.mark.slow
@eager
def test_half_precision_gives_float32_logits(cls, train):
    # The range of bfloat16 is larger.
    with policy_scope("mixed_float16"):
        model = small(cls, train)
        outputs = model.logit_model.output
        assert {x.dtype for x in outputs.values()} == {"float32"}
        inputs, items = queries(train, model, ROWS)
        found = model.predict_tasks(inputs, items)
    assert all(0 < x.min() <= x.max() < 1 for x in found.values())


@pytest.mark.slow
@eager
def test_a_table_of_features_alone_is_enough_unless_items_are_compared(cls):
    rows = pd.DataFrame({"age": [20.0, 30.0, 40.0, 50.0], "job": list("xyxy")})
    rows["click"], rows["purchase"] = [0, 1, 0, 1], [0, 1, 0, 0]
    context = {"age": {"kind": "number"}, "job": {"kind": "category"}}
    for features in (context, {"age": context["age"]}, {"job": context["job"]}):
        data = Impressions.from_frame(
            rows, labels={name: {} for name in LABELS}, context=features, past=None
        )
        if cls in COMPARING:
            with pytest.raises(InputError, match="no items, and the model compares items"):
                small(cls, data)
            continue
        model = small(cls, data)
        found = model.predict_tasks(data.context, data.item)
        assert all(x.shape == (4,) and np.isfinite(x).all() for x in found.values())


@pytest.mark.slow
@eager
def test_crosses_are_read_and_their_rates_are_those_of_no_fold(cls, train):
    rows = pd.DataFrame({"user": list("uvuv"), "item": list("abba"), "job": list("xyxy")})
    rows["click"], rows["purchase"], rows["timestamp"] = [0, 1, 0, 1], [0, 1, 0, 0], 1.7e9
    past = Interactions.from_frame(rows[["user", "item"]].assign(timestamp=1.6e9))
    crosses = {"both": {"columns": ["item", "job"]}}
    crosses["rate"] = {"columns": ["user", "item"], "label": "click"}
    data = Impressions.from_frame(
        rows,
        labels={name: {} for name in LABELS},
        context={"job": {"kind": "category"}},
        crosses=crosses,
        past=past,
    )
    model = small(cls, data)
    assert "fold" in model.train_inputs and "fold" not in model.query_inputs
    inputs, items = queries(data, model, np.arange(4))
    assert all(np.isfinite(x).all() for x in model.predict_tasks(inputs, items).values())
    if model.gates(inputs, items) is not None:
        assert model.gates(inputs, items).shape[:2] == (4, 2)
    weights = model.attend({**inputs, "item": items})
    assert weights is None or weights.shape == inputs["history"].shape


def test_has_a_card(cls):
    stem = pathlib.Path(inspect.getfile(cls)).stem
    card = (ROOT / "zoo" / f"{stem}.md").read_text(encoding="utf-8")
    matter = yaml.safe_load(card.split("---")[1])
    assert matter["class"] == f"kerasrec_zoo.{cls.__name__}"
    assert matter["task"] in ("click-through", "several goals")
    assert matter["license"] == "Apache-2.0"
    assert all((ROOT / config).exists() for config in matter["configs"])


@pytest.fixture(scope="module")
def trained(train):
    """`trained(cls)`: a model after two epochs on the first three quarters, made once."""

    @functools.cache
    def trained(cls):
        part = train.select(slice(0, 3 * len(train) // 4))
        model = small(cls, part)
        loss = {name: MaskedBinaryCrossentropy() for name in LABELS}
        model.compile(keras.optimizers.Adam(0.01), loss)
        data = impression_batches(
            part, inputs=model.train_inputs, batch_size=64, history_length=8, buckets=False
        )
        model.fit(data.repeat(2), verbose=0)
        return model

    return trained


@pytest.mark.slow
def test_learns_what_was_planted(cls, trained, train):
    model = trained(cls)
    rows = np.arange(3 * len(train) // 4, len(train))
    inputs, items = queries(train, model, rows)
    found = model.predict_tasks(inputs, items)
    for name in LABELS:
        # The share of the way from chance to what the true probabilities give.
        best = roc_auc_score(train.labels[name][rows], SHOP.truth[name][rows]) - 0.5
        share = (roc_auc_score(train.labels[name][rows], found[name]) - 0.5) / best
        assert 0.55 < share < 1, (name, share)
        assert abs(found[name].mean() - train.labels[name][rows].mean()) < 0.05


# These have the blocks of all: attention, gates, products, fusion. What the files of an export and
# the C++ loader do is the same for all: two are exported, a reader of histories and one of gates.
CHECKED = ("BST", "DIN", "DCN", "ESMM", "FinalMLP", "AutoInt", "PLE")
EXPORTED = ("BST", "PLE")


@pytest.mark.slow
@pytest.mark.export
def test_export_answers_like_python(cls, trained, tmp_path, check_graph):
    if cls.__name__ not in CHECKED:
        pytest.skip("it has no block of its own, and the export is that of all rankers")
    if cls.__name__ not in EXPORTED:
        check_graph(trained(cls), 6, ["recommend", "score"])
        return
    report = export(trained(cls), tmp_path / "model" / "1", k=6)
    # Of profiles the first 60.
    assert {row["requests"] for row in report["signatures"].values()} <= {60, 200}
    assert report["difference"] <= 1e-5
    assert report["foreign"] == []  # each of its operations is on the list


def _plain(value):
    return list(value) if isinstance(value, (tuple, list)) else value


def test_a_table_of_clicks_is_refused_by_its_cause(cls):
    with pytest.raises(InputError, match="learns from impressions|needs two labels"):
        cls(Schema(num_users=9, num_items=7))
