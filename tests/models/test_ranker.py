"""`Ranker`, tested with two models whose scores are known: a linear one, and one with an MLP."""

import keras
import numpy as np
import pandas as pd
import pytest
from keras import ops

from kerasrec.data import Impressions, Interactions, impression_batches
from kerasrec.data.schema import Schema
from kerasrec.errors import InputError
from kerasrec.losses import MaskedBinaryCrossentropy, Poisson
from kerasrec.models import Ranker, RankerInputs
from kerasrec.register import register
from kerasrec_zoo import SASRec

CONTEXT = {
    "hour": {"kind": "category"},
    "age": {"kind": "number"},
    "tags": {"kind": "categories"},
    "look": {"kind": "vector"},
    "when": {"kind": "time"},
}


@register
class LinearRanker(Ranker):
    """logit = b + the sum of a weight for each value."""

    def __init__(self, schema, position=False, blend=None, name=None):
        inputs = RankerInputs(schema, position=position)
        logits = dict.fromkeys([task.name for task in schema.tasks], inputs.linear())
        super().__init__(schema=schema, inputs=inputs, logits=logits, blend=blend, name=name)


@register
class DeepRanker(Ranker):
    """A dense layer for each task on all vectors, and on the mean of the history."""

    def __init__(self, schema, dim=4, reads_history=True, name=None):
        inputs = RankerInputs(schema, history=reads_history)
        flat = keras.layers.Flatten()(inputs.vectors(dim))
        if reads_history:
            steps, mask = inputs.steps(dim)
            real = ops.cast(mask, steps.dtype)[..., None]
            mean = ops.sum(steps * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1.0)
            flat = ops.concatenate([flat, mean], axis=1)
        logits = {task.name: keras.layers.Dense(1)(flat)[:, 0] for task in schema.tasks}
        super().__init__(schema=schema, inputs=inputs, logits=logits, name=name)


def frame(size=60, seed=0):
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, 6, size)],
            "item": [f"i{n}" for n in random.integers(0, 8, size)],
            "timestamp": random.integers(100, 200, size),
            "position": 1 + np.arange(size) % 3,
            "click": random.integers(0, 2, size),
            "stay": random.integers(0, 9, size),
            "hour": random.choice(["9", "22", "7"], size),
            "age": random.integers(10, 60, size).astype(float),
            "tags": random.choice(["a|b", "b", "c|a"], size),
            "look": [[n % 5, 1.0] for n in range(size)],
            "when": random.integers(10**9, 10**9 + 10**6, size),
        }
    )


def events(seed=1, size=80):
    random = np.random.default_rng(seed)
    table = {
        "user": [f"u{n}" for n in random.integers(0, 6, size)],
        "item": [f"i{n}" for n in random.integers(0, 8, size)],
        "timestamp": random.integers(1, 200, size),
    }
    return Interactions.from_frame(pd.DataFrame(table))


def table(**options):
    labels = {"click": {}, "stay": {"kind": "seconds"}}
    return Impressions.from_frame(frame(), **{"labels": labels, "context": CONTEXT, **options})


def adapted(model_class, data, **arguments):
    keras.utils.set_random_seed(0)
    model = model_class(data.schema(history_length=5), **arguments)
    model.adapt(data)
    return model


@pytest.fixture(scope="module")
def data():
    return table(past=events())


@pytest.fixture(scope="module")
def deep(data):
    return adapted(DeepRanker, data)


def small(**columns):
    found = {"user": list("uvuv"), "item": list("abba"), "click": [1, 0, 0, 0], **columns}
    return pd.DataFrame(found)


def test_a_score_by_hand():
    data = Impressions.from_frame(
        small(hour=["9", "22", "9", "9"]), context={"hour": {"kind": "category"}}
    )
    model = adapted(LinearRanker, data)
    linear = model.get_layer("linear")
    for name, weights in (("user", [1.0, 2.0]), ("item", [0.25, 0.5]), ("hour", [4.0, 8.0])):
        linear.tables[name].embeddings.assign(np.array([0.0, 0.0, *weights])[:, None])
    # One click of four rows: the bias starts at log(1 / 3).
    expected = 1 / (1 + np.exp(-(np.log(1 / 3) + 2.0 + 0.25 + 8.0)))
    found = model.score(["v"], items=["a"], context={"hour": ["22"]})
    assert found == pytest.approx([expected], rel=1e-6)
    assert model.predict_impressions(data)["click"][1] == pytest.approx(
        1 / (1 + np.exp(-(np.log(1 / 3) + 2.0 + 0.5 + 8.0))), rel=1e-6
    )


def test_before_training_a_linear_model_predicts_the_mean_of_each_label():
    data = table()
    model = adapted(LinearRanker, data)
    found = model.predict_impressions(data)
    for name in ("click", "stay"):
        np.testing.assert_allclose(found[name], data.labels[name].mean(), rtol=1e-5)


def test_the_score_is_the_product_of_powers():
    data = table()
    both = adapted(LinearRanker, data, blend={"click": 1, "stay": 0.5})
    click, stay = data.labels["click"].mean(), data.labels["stay"].mean()
    asked = {"items": ["i1"], "context": {"hour": "9"}}
    with pytest.warns(UserWarning, match="not given"):
        assert both.score(["u1"], **asked) == pytest.approx([click * stay**0.5], rel=1e-5)
        first = adapted(LinearRanker, data).score(["u1"], **asked)
        assert first == pytest.approx([click], rel=1e-5)
        other = adapted(LinearRanker, data, blend={"stay": 1}).score(["u1"], **asked)
        assert other == pytest.approx([stay], rel=1e-5)


@pytest.mark.parametrize(
    ("blend", "message"),
    [
        ({"buy": 1}, "blend: there is no task 'buy'; the tasks are click, stay"),
        ({"click": "much"}, "blend: click: expected a number from 0 on, got 'much'"),
        ({"click": float("nan")}, "blend: click: expected a number from 0 on, got nan"),
        ({"click": -1}, "blend: click: expected a number from 0 on, got -1"),
        ({"click": 0}, "weighs no task"),
    ],
)
def test_a_wrong_blend_is_refused(blend, message):
    with pytest.raises(InputError, match=message):
        LinearRanker(table().schema(), blend=blend)


def test_a_rating_is_not_blended():
    data = table(labels={"click": {}, "stay": {"kind": "rating"}})
    with pytest.raises(InputError, match="blend: stay is a rating, which may be negative"):
        LinearRanker(data.schema(), blend={"click": 1, "stay": 1})


@pytest.mark.filterwarnings("ignore:.* cut to")
def test_an_impression_and_a_request_are_answered_alike(data, deep):
    found = deep.predict_impressions(data)["click"]
    table = frame().sort_values("timestamp", kind="stable").reset_index(drop=True)
    for row in (0, 30, 59):
        past = data.past
        # All of it: the first step that is read knows the time since the one before.
        known = slice(past.first[row], past.stop[row])
        items, times = past.histories.items[known], past.histories.timestamp[known]
        score = deep.score(
            [table["user"][row]],
            [data.items.vocabulary.lookup(items).tolist()],
            items=[table["item"][row]],
            timestamps=[times.tolist()],
            context={name: [table[name][row]] for name in CONTEXT},
        )
        assert score == pytest.approx([found[row]], rel=1e-5)


def test_the_histories_of_predictions_are_those_before_each_row(data, deep):
    whole = deep.predict_impressions(data)["click"]
    later = events().timestamp >= 150
    early = table(past=events().select(~later))
    # The rows of items and users are those of the same ids: the vocabulary is not cut.
    assert early.items.vocabulary.ids.tolist() == data.items.vocabulary.ids.tolist()
    cut = deep.predict_impressions(early)["click"]
    before = data.timestamp <= 150
    np.testing.assert_array_equal(whole[before], cut[before])
    assert (whole[~before] != cut[~before]).any()


def test_one_value_for_all_and_frames_are_lists(deep):
    users, items = ["u1", "u2", "u3"], ["i1", "i2", "i3"]
    whole = {
        "hour": ["9"] * 3,
        "age": [30.0] * 3,
        "tags": ["a|b"] * 3,
        "look": [[1.0, 0.5]] * 3,
        "when": [10**9] * 3,
    }
    expected = deep.score(users, items=items, context=whole)
    one = {**whole, "hour": "9", "age": 30, "tags": "a|b", "when": np.int64(10**9)}
    np.testing.assert_array_equal(deep.score(users, items=items, context=one), expected)
    of_times = {**whole, "when": pd.Timestamp(10**9, unit="s"), "age": np.array(30.0)}
    np.testing.assert_array_equal(deep.score(users, items=items, context=of_times), expected)
    columns = pd.DataFrame(whole, index=[7, 8, 9])
    np.testing.assert_array_equal(deep.score(users, items=items, context=columns), expected)
    arrays = {name: np.array(values) for name, values in whole.items()}
    np.testing.assert_array_equal(deep.score(users, items=items, context=arrays), expected)


def test_what_is_not_given_is_missing_and_said(deep):
    whole = {"hour": None, "age": np.nan, "tags": pd.NA, "look": None, "when": pd.NaT}
    expected = deep.score(["u1"], items=["i1"], context=whole)
    with pytest.warns(UserWarning, match="hour, age, tags, look, when not given: answered as if"):
        np.testing.assert_array_equal(deep.score(["u1"], items=["i1"]), expected)
    some = {name: one for name, one in whole.items() if name != "age"}
    with pytest.warns(UserWarning, match="context: age not given"):
        frame = deep.recommend(["u1"], k=3, context=some, repeats="allow")
    assert len(frame) == 3


def test_a_category_never_seen_is_unknown(deep):
    context = {"age": 30, "tags": "a", "look": [[1.0, 0.5]], "when": 10**9}
    one, other = (
        deep.score(["u1"], items=["i1"], context={**context, "hour": hour})
        for hour in ("noon", "never")
    )
    assert one == other and np.isfinite(one).all()
    assert one != deep.score(["u1"], items=["i1"], context={**context, "hour": "9"})


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ({"hours": ["9"]}, "DeepRanker reads no feature 'hours' of a request; it reads hour, age"),
        ({"hour": ["9", "9"]}, "hour: expected a value for each of 1 requests, got 2"),
        ({"age": ["old"]}, "age.*request 0"),
        ({"age": [np.inf]}, "age.*request 0"),
        ({"look": [[1.0]]}, "look.*request 0"),
        (["9"], "context: expected a dict of lists by feature, or a DataFrame"),
        ("hour", "context: expected a dict of lists by feature, or a DataFrame"),
        ({"look": 3}, "look.*request 0"),
    ],
)
@pytest.mark.filterwarnings("ignore:context")
def test_a_wrong_context_is_refused(deep, context, message):
    with pytest.raises(InputError, match=message):
        deep.score(["u1"], items=["i1"], context=context)


def test_a_model_without_context_refuses_it():
    model = adapted(LinearRanker, Impressions.from_frame(small()))
    with pytest.raises(InputError, match="reads no feature 'hour' of a request; it reads none"):
        model.score(["u"], items=["a"], context={"hour": "9"})
    assert len(model.recommend(["u"], k=2)) == 2


@pytest.mark.slow
def test_the_position_is_learned_in_training_and_left_out_of_predictions():
    size = 400
    position = 1 + np.arange(size) % 2
    # Half of the first positions are clicked and none of the second, whatever is shown.
    click = ((position == 1) & (np.arange(size) % 4 < 2)).astype(int)
    data = Impressions.from_frame(
        pd.DataFrame(
            {"item": [f"i{n % 3}" for n in range(size)], "user": [f"u{n % 5}" for n in range(size)],
             "position": position, "click": click}
        )
    )  # fmt: skip
    model = adapted(LinearRanker, data, position=True)
    assert "position" in model.train_inputs and "position" not in model.query_inputs
    model.compile(keras.optimizers.Adam(0.1), MaskedBinaryCrossentropy())
    batches = impression_batches(data, inputs=model.train_inputs, batch_size=200)
    model.fit(batches.repeat(30), verbose=0)
    ((x, _, _),) = impression_batches(
        data, inputs=model.train_inputs, batch_size=size, shuffle=False
    )
    logits = np.asarray(model(x)["click"])
    assert 1 / (1 + np.exp(-logits[position == 1])) == pytest.approx(0.5, abs=0.1)
    assert (1 / (1 + np.exp(-logits[position == 2])) < 0.1).all()
    found = model.predict_impressions(data)["click"]
    np.testing.assert_allclose(found[position == 1], found[position == 2][0], atol=0.1)


@pytest.mark.slow
def test_fit_learns_both_tasks_and_skips_missing_labels():
    random = np.random.default_rng(0)
    size = 600
    item = random.integers(0, 2, size)
    click = np.where(item == 1, 0.9, 0.1) > random.random(size)
    stay = np.where(item == 1, 8.0, 1.0)
    data = Impressions.from_frame(
        pd.DataFrame(
            {
                "user": [f"u{n % 7}" for n in range(size)],
                "item": [f"i{n}" for n in item],
                "click": np.where(random.random(size) < 0.3, np.nan, click),
                "stay": np.where(random.random(size) < 0.3, np.nan, stay * (click | (item == 0))),
            }
        ),
        labels={"click": {}, "stay": {"kind": "count"}},
    )
    model = adapted(DeepRanker, data, reads_history=False)
    losses = {"click": MaskedBinaryCrossentropy(), "stay": Poisson()}
    model.compile(keras.optimizers.Adam(0.02), losses)
    batches = impression_batches(data, inputs=model.train_inputs, batch_size=150)
    model.fit(batches.repeat(20), verbose=0)
    found = model.predict_impressions(data)
    for task in ("click", "stay"):
        known = ~np.isnan(data.labels[task])
        for one in (0, 1):
            inside = known & (item == one)
            expected = data.labels[task][inside].mean()
            assert found[task][inside].mean() == pytest.approx(expected, rel=0.25, abs=0.05)


def test_what_is_no_impressions_is_refused(data):
    model = LinearRanker(data.schema())
    with pytest.raises(InputError, match="LinearRanker.adapt: expected Impressions.*got Interac"):
        model.adapt(events())
    with pytest.raises(InputError, match="SASRec.adapt: expected Interactions.*got Impressions"):
        SASRec(events().schema(), dim=4).adapt(data)
    with pytest.raises(InputError, match="a ranker learns from impressions, and this schema"):
        LinearRanker(events().schema())
    with pytest.raises(InputError, match="LinearRanker.score needs the data first"):
        model.score(["u1"], items=["i1"])


def test_labels_that_teach_nothing_are_refused(data):
    for values, message in (
        ([1, 1, 1, 1], "every label click is 1 in the train part"),
        ([0, 0, np.nan, 0], "every label click is 0 in the train part"),
        ([np.nan] * 4, "no row has a click in the train part"),
    ):
        train = Impressions.from_frame(small(click=values))
        with pytest.raises(InputError, match=message):
            LinearRanker(train.schema()).adapt(train)
    with pytest.raises(InputError, match="expected impressions, got none"):
        LinearRanker(data.schema()).adapt(data.select(slice(0)))


def test_data_of_another_schema_is_refused(data):
    model = LinearRanker(data.schema())
    for other in (
        table(labels={"click": {}}, past=events()),
        table(labels={"click": {}, "stay": {"kind": "count"}}, past=events()),
    ):
        with pytest.raises(InputError, match="built for another data set: tasks is"):
            model.adapt(other)
    fewer = {name: one for name, one in CONTEXT.items() if name != "age"}
    with pytest.raises(InputError, match="built for another data set: context_features is"):
        model.adapt(table(context=fewer, past=events()))


def test_heads_that_do_not_fit_the_labels_are_refused(data):
    inputs = RankerInputs(data.schema())
    with pytest.raises(InputError, match="Ranker: logits of click, and the tasks are click, stay"):
        Ranker(schema=data.schema(), inputs=inputs, logits={"click": inputs.linear()})


def test_a_history_that_the_data_does_not_have_is_refused(data, deep):
    without = table(base=(data.users, data.items))
    with pytest.raises(InputError, match="'history' needs what users did before each row"):
        deep.predict_impressions(without)


def test_no_events_at_all_are_empty_histories(data, deep):
    nothing = table(past=events().select(slice(0)))
    keras.utils.set_random_seed(0)
    model = adapted(DeepRanker, nothing)
    assert np.isfinite(model.predict_impressions(nothing)["click"]).all()


def test_a_model_needs_something_of_the_request_or_the_user():
    data = Impressions.from_frame(small(user=None).drop(columns="user"))
    with pytest.raises(InputError, match="no users, no history and no features of the request"):
        LinearRanker(data.schema())
    with pytest.raises(InputError, match="no users, no items and no features of the request"):
        RankerInputs(Schema(num_users=2, num_items=2))


def test_a_feature_may_have_the_name_of_a_layer():
    data = Impressions.from_frame(
        small(linear=["a", "b", "a", "b"]), context={"linear": {"kind": "category"}}
    )
    model = LinearRanker(data.schema())
    model.adapt(data)
    table = model.logit_model.get_layer("linear").tables["linear"]
    table.embeddings.assign([[0.0], [0.0], [1.0], [3.0]])
    inputs = {"user": np.array([2, 2], "int32"), "linear": np.array([2, 3], "int32")}
    one, other = model.predict_tasks(inputs, [2, 2])["click"]
    logits = np.log([one / (1 - one), other / (1 - other)])
    assert np.diff(logits) == pytest.approx(2.0, rel=1e-4)


def test_data_without_items_is_predicted_and_not_ranked():
    data = Impressions.from_frame(
        small(age=[1.0, 2.0, 3.0, 4.0]).drop(columns=["user", "item"]),
        context={"age": {"kind": "number"}},
    )
    model = adapted(LinearRanker, data)
    assert model.predict_impressions(data)["click"] == pytest.approx([0.25] * 4, rel=1e-5)
    with pytest.raises(InputError, match="between 1 and the number of items, 0"):
        model.recommend(["nobody"], k=1, context={"age": 1.0})


def test_seen_items_are_left_out_by_the_past(data, deep):
    context = {"hour": "9", "age": 30, "tags": "a", "look": [[1.0, 0.5]], "when": 10**9}
    seen = set(data.items.vocabulary.lookup(deep.histories[2]).tolist())
    user = data.users.vocabulary.lookup(np.array([2])).tolist()
    found = deep.recommend(user, k=8, context=context)
    assert set(found["item"]) == {f"i{n}" for n in range(8)} - seen
    assert len(deep.recommend(user, k=8, context=context, repeats="allow")) == 8


def test_recommend_sorts_by_the_scores_of_score(data, deep):
    context = {"hour": "9", "age": 30, "tags": "a", "look": [[1.0, 0.5]], "when": 10**9}
    found = deep.recommend(["u1"], [["i1"]], k=5, context=context)
    for item, value in zip(found["item"], found["score"], strict=True):
        assert deep.score(["u1"], [["i1"]], items=[item], context=context) == pytest.approx(
            [value], rel=1e-5
        )
    assert found["score"].is_monotonic_decreasing


@pytest.mark.parametrize("labelled", [False, True])
def test_crosses_are_those_of_a_slow_loop(labelled):
    random = np.random.default_rng(0)
    size = 120
    rows = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, 5, size)],
            "item": [f"i{n}" for n in random.integers(0, 5, size)],
            "hour": random.choice(["9", "22"], size),
            "click": np.where(random.random(size) < 0.2, np.nan, random.integers(0, 2, size)),
        }
    )
    options = {"columns": ["user", "hour"]}
    options |= {"label": "click"} if labelled else {"min_count": 12}
    data = Impressions.from_frame(
        rows, context={"hour": {"kind": "category"}}, crosses={"pair": options}
    )
    model = adapted(LinearRanker, data)
    pairs = list(zip(rows["user"], rows["hour"], strict=True))
    x = {"user": data.user, "hour": data.context["hour"]}
    if not labelled:
        known = {pair for pair in pairs if pairs.count(pair) >= 12}
        assert known and known != set(pairs)
        lookup = _layer(model, "pair_pairs")
        found = np.asarray(lookup(x["user"], x["hour"]))
        assert [row >= 2 for row in found] == [pair in known for pair in pairs]
        assert len({row for row in found if row >= 2}) == len(known)
        assert model.train_inputs == ("user", "hour", "item")
        return
    assert model.train_inputs[-1] == "fold"
    rates, lookup = _layer(model, "pair_rates"), _layer(model, "pair_pairs")
    fold = 1 + np.arange(size) % 5
    found = np.asarray(rates(lookup(x["user"], x["hour"]), fold))
    served = np.asarray(rates(lookup(x["user"], x["hour"]), np.zeros(size, "int32")))
    click, prior = rows["click"].to_numpy(), rates.prior
    for row, pair in enumerate(pairs):
        same = np.array([other == pair for other in pairs]) & ~np.isnan(click)
        everyone = ~np.isnan(click)
        for values, outside in ((found, fold != fold[row]), (served, np.ones(size, bool))):
            n, total = (same & outside).sum(), click[same & outside].sum()
            mean = click[everyone & outside].mean()
            expected = [np.log1p(n), (total + prior * mean) / (n + prior)]
            np.testing.assert_allclose(values[row], expected, rtol=1e-5)


def test_predictions_read_the_rates_of_all_folds():
    data = Impressions.from_frame(
        small(), crosses={"rate": {"columns": ["item"], "label": "click"}}
    )
    model = adapted(LinearRanker, data)
    linear = _layer(model, "linear")
    linear.directions["rate"].assign([[0.0], [1.0]])
    prior, mean = _layer(model, "rate_rates").prior, 0.25
    # a was shown twice and clicked once, b twice and not at all.
    rates = {"a": (1 + prior * mean) / (2 + prior), "b": prior * mean / (2 + prior)}
    found = model.predict_impressions(data)["click"]
    for row, item in enumerate("abba"):
        logit = np.log(1 / 3) + np.log(rates[item] / (1 - rates[item]))
        assert found[row] == pytest.approx(1 / (1 + np.exp(-logit)), rel=1e-5)


def _layer(model, name):
    found = [layer for layer in model._flatten_layers() if layer.name == name]
    assert found, [layer.name for layer in model._flatten_layers()]
    return found[0]
