"""Features of the request in the query of a retriever, with data in which they alone decide."""

import keras
import numpy as np
import pandas as pd
import pytest

import kerasrec
from kerasrec.batch_inference import recommend_to_parquet
from kerasrec.data import Impressions, Interactions, batches, candidate_impressions, splits
from kerasrec.data.retriever_scores import with_retriever_scores
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate, evaluate_ratings
from kerasrec.export import export
from kerasrec.losses import Softmax
from kerasrec.models import TwoStage, load, load_behaviors, load_catalogs, load_context
from kerasrec.models.columns_read import describe_columns_read
from kerasrec.optimizers import LazyAdam
from kerasrec.serving.server import Server
from kerasrec_zoo import DeepFM, ItemKNN, Popularity, TwoTower, YouTubeCandidates

HOURS, OF_HOUR, USERS, EVENTS = 4, 3, 30, 12
CONTEXT = {"hour": {"kind": "category"}}
ALL_KINDS = {
    **CONTEXT,
    "query": {"kind": "text"},
    "tags": {"kind": "categories"},
    # Names of what models and graphs have beside them.
    "seen": {"kind": "number", "column": "price"},
    "rows": {"kind": "category", "column": "hour"},
    "mlp": {"kind": "category", "column": "hour"},
    "band": {"kind": "number", "column": "price", "buckets": 3},
    "at": {"kind": "time", "column": "timestamp"},
    "place": {"kind": "vector", "column": ["north", "east"]},
}


def table(decides=0):
    """Users take one of the three items of the hour, of that event or of one `decides` later."""
    random = np.random.default_rng(0)
    hour = random.integers(0, HOURS, (USERS, EVENTS + 1))
    number = np.arange(USERS * EVENTS)
    of = hour[:, decides : decides + EVENTS].ravel()
    hour = hour[:, :EVENTS].ravel()
    return pd.DataFrame(
        {
            "user": np.repeat([f"u{n}" for n in range(USERS)], EVENTS),
            "item": [f"i{n}" for n in of * OF_HOUR + random.integers(0, OF_HOUR, len(number))],
            "timestamp": 1_700_000_000 + 60 * random.permutation(len(number)),
            "hour": [f"at {n}" for n in hour],
            "query": [f"some {n} words" for n in hour],
            "tags": [f"{n}|{n + 1}" for n in hour],
            "price": random.normal(10, 3, len(number)).round(2),
            "north": random.normal(size=len(number)),
            "east": random.normal(size=len(number)),
        }
    ).sort_values("timestamp")


def split_of(frame, context=CONTEXT):
    return splits.next_item(Interactions.from_frame(frame, context=context))


def fitted(cls, train, repeat=30, **arguments):
    keras.utils.set_random_seed(0)
    model = cls(train.schema(4), **{"dim": 8, "candidates": "all", **arguments})
    model.adapt(train)
    model.compile(LazyAdam(0.02), Softmax())
    data = batches(train, model.train_inputs, steps=model.steps, batch_size=64, history_length=4)
    model.fit(data.repeat(repeat), verbose=0)
    model.repeats = "allow"
    return model


def recall(model, split):
    """Share of the test events whose item is among the best three."""
    found = evaluate(model, split, baselines=(), ks=[OF_HOUR], bootstrap=0, repeats="allow")
    return found.rows[0]["metrics"][f"recall@{OF_HOUR}"]["mean"]


@pytest.fixture(scope="module")
def split():
    return split_of(table())


@pytest.fixture(scope="module")
def tower(split):
    return fitted(TwoTower, split.train)


@pytest.mark.slow
def test_two_tower_finds_what_the_request_decides(tower, split):
    # Without a feature a query knows no more than that each of 12 items is as likely.
    without = fitted(TwoTower, split_of(table(), None).train)
    assert recall(tower, split) > 0.95
    assert recall(without, split) < 0.55
    for hour in range(HOURS):
        best = tower.recommend(["u1", "u2"], k=OF_HOUR, context={"hour": f"at {hour}"})
        expected = {f"i{hour * OF_HOUR + n}" for n in range(OF_HOUR)}
        assert set(best["item"]) == expected


@pytest.mark.slow
@pytest.mark.parametrize("cls", [TwoTower, YouTubeCandidates])
def test_a_later_request_is_not_read(cls):
    """The item is that of the hour of the user's next event: no query may know it."""
    frame = table().sort_values(["user", "timestamp"])
    later = frame.groupby("user")["hour"].shift(-1).fillna("at 0")
    of = later.str[3:].astype(int)
    frame["item"] = [f"i{n}" for n in of * OF_HOUR + np.random.default_rng(1).integers(0, 3, 360)]
    split = split_of(frame.sort_values("timestamp"))
    # A model that read it would find 1.0; after the last event nobody takes anything.
    assert recall(fitted(cls, split.train), split) < 0.6


@pytest.mark.slow
def test_youtube_candidates_find_what_the_request_decides(split):
    model = fitted(YouTubeCandidates, split.train, mlp=(16,))
    assert model.steps == "last" and recall(model, split) > 0.95
    best = model.recommend(histories=[["i0"], ["i0"]], k=3, context={"hour": ["at 1", "at 3"]})
    assert set(best["item"][:3]) == {"i3", "i4", "i5"}
    assert set(best["item"][3:]) == {"i9", "i10", "i11"}
    # Nothing before it: what the hour says is enough.
    with pytest.warns(UserWarning, match="2 of 2 queries have no history"):
        first = model.recommend(histories=[[], []], k=3, context={"hour": ["at 1", "at 3"]})
    assert set(first["item"][:3]) == {"i3", "i4", "i5"}
    assert set(first["item"][3:]) == {"i9", "i10", "i11"}
    without = YouTubeCandidates(split_of(table(), None).train.schema(), dim=4)
    assert without.steps == "all"


@pytest.mark.slow
def test_words_of_a_search_are_read():
    split = split_of(table(), {"query": {"kind": "text"}})
    model = fitted(YouTubeCandidates, split.train, mlp=(16,))
    best = model.recommend(histories=[["i0"]], k=3, context={"query": "2 Words, some!"})
    assert set(best["item"]) == {"i6", "i7", "i8"}


@pytest.mark.slow
def test_what_is_missing_or_unknown_is_answered(tower):
    with pytest.warns(UserWarning, match="context: hour not given: answered as if missing"):
        missing = tower.recommend(["u1"], k=2)
    for blank in ("", None):
        again = tower.recommend(["u1"], k=2, context={"hour": [blank]})
        np.testing.assert_array_equal(again["score"], missing["score"])
    unknown = tower.recommend(["u1"], k=2, context={"hour": "at 77"})
    assert len(unknown) == 2 and not np.allclose(unknown["score"], missing["score"])
    with pytest.raises(InputError, match="TwoTower reads no feature 'day' of a request"):
        tower.recommend(["u1"], context={"day": 1})
    with pytest.raises(InputError, match="hour: expected a value for each of 2 requests, got 3"):
        tower.score(["u1", "u2"], items=["i0", "i1"], context={"hour": ["at 1"] * 3})


def test_the_score_by_hand():
    """(1, 2) of the user, (10, 20) of the hour: the last layer adds both."""
    frame = pd.DataFrame({"user": list("uv"), "item": list("ab"), "hour": ["7", "8"]})
    train = Interactions.from_frame(frame, context=CONTEXT)
    model = TwoTower(train.schema(), dim=2)
    model.adapt(train)
    users = model.query_model.get_layer("user_tower")
    items = model.item_tower.encoder.get_layer("item_tower_features")
    for layer, row, values in (
        (users.table, train.users.vocabulary.rows(["u"]), [1.0, 2.0]),
        (users.feature_tables["context.hour"], [3], [10.0, 20.0]),
        (items.table, train.items.vocabulary.rows(["b"]), [1.0, 0.5]),
    ):
        weight = np.zeros(layer.embeddings.shape)
        weight[row] = values
        layer.embeddings.assign(weight)
    users.stack[0].set_weights([np.concatenate([np.eye(2), np.eye(2)]), np.zeros(2)])
    scores = model.score(["u", "u"], items=["b", "b"], context={"hour": ["8", "7"]})
    np.testing.assert_allclose(scores, [11 + 22 / 2, 1 + 2 / 2], rtol=1e-6)


def test_a_feature_of_the_user_may_have_the_same_name():
    frame = pd.DataFrame({"user": list("uv"), "item": list("ab"), "hour": ["7", "8"]})
    people = pd.DataFrame({"user": list("uv"), "hour": ["early", "late"]})
    train = Interactions.from_frame(
        frame,
        context=CONTEXT,
        user_frame=people,
        user_features={"hour": {"kind": "category"}},
    )
    model = TwoTower(train.schema(), dim=2)
    model.adapt(train)
    tables = model.query_model.get_layer("user_tower").feature_tables
    assert set(tables) == {"hour", "context.hour"}
    one, other = model.score(["u", "u"], items=["a", "a"], context={"hour": ["7", "8"]})
    assert one != other


def test_other_models_say_that_they_do_not_read_it(split):
    for cls, read in ((TwoTower, "category"), (ItemKNN, None), (Popularity, None)):
        model = cls(split.train.schema())
        reads = model.reads(split.train)
        assert reads["context hour"] == read
        lines = " ".join(describe_columns_read(model, reads))
        assert ("though the data has it: " in lines and "context hour" in lines) or read
    model.adapt(split.train)
    with pytest.raises(InputError, match="Popularity reads no feature 'hour'"):
        model.recommend(["u1"], context={"hour": "at 1"})


@pytest.mark.slow
def test_a_checkpoint_keeps_the_encoders(tower, tmp_path):
    tower.save(tmp_path / "saved")
    again = load(tmp_path / "saved")
    asked = {"users": ["u1", "u2"], "k": 3, "context": {"hour": ["at 1", "at 77"]}}
    pd.testing.assert_frame_equal(tower.recommend(**asked), again.recommend(**asked))
    assert load_context(tmp_path / "saved") == tower.context
    assert "| context | `hour` |" in (tmp_path / "saved" / "README.md").read_text()
    (tmp_path / "saved" / "context.json").unlink()
    with pytest.raises(InputError, match=r"context\.json"):
        load(tmp_path / "saved")


@pytest.mark.slow
def test_a_grown_table_keeps_old_answers(tower, tmp_path):
    tower.save(tmp_path / "saved")
    more = pd.concat([table(), table()[:40].assign(hour="at 9", user="new")])
    base, context = load_catalogs(tmp_path / "saved"), load_context(tmp_path / "saved")
    options = {"base": base, "behaviors": load_behaviors(tmp_path / "saved") or ()}
    data = Interactions.from_frame(more, context=CONTEXT, encoders=context, **options)
    model = TwoTower(data.schema(4), dim=8, candidates="all")
    model.adapt(data)
    model.load_rows_from(tmp_path / "saved")
    asked = {"users": ["u1", "u1"], "items": ["i0", "i4"], "context": {"hour": ["at 0", "at 3"]}}
    np.testing.assert_allclose(model.score(**asked), tower.score(**asked), rtol=1e-5)
    assert len(model.context["hour"].vocabulary) == len(tower.context["hour"].vocabulary) + 1
    # Read without the encoders of the checkpoint, its rows would be others.
    other = more.iloc[::-1].assign(timestamp=np.arange(len(more)))
    data = Interactions.from_frame(other, context=CONTEXT, **options)
    model = TwoTower(data.schema(4), dim=8, candidates="all")
    model.adapt(data)
    with pytest.raises(InputError, match=r"context hour: .* encoders=load_context\(checkpoint\)"):
        model.load_rows_from(tmp_path / "saved")


@pytest.mark.slow
@pytest.mark.parametrize("cls", [TwoTower, YouTubeCandidates])
def test_the_graph_answers_as_python_does(cls, check_graph):
    train = split_of(table(), ALL_KINDS).train
    check_graph(fitted(cls, train, repeat=1), 6)


@pytest.mark.slow
@pytest.mark.export
def test_an_export_takes_the_features_by_name(tower, tmp_path):
    export(tower, tmp_path / "tower" / "1", k=3)
    with (
        Server(tmp_path / "tower", port=0, say=lambda line: None) as server,
        kerasrec.Client(f"http://127.0.0.1:{server.port}", "tower", timeout=60) as client,
    ):
        for given, same in (({"hour": "at 2"}, {"hour": "at 2"}), (None, {"hour": [None]})):
            found = client.recommend(user="u1", k=3, context=given)
            expected = tower.recommend(["u1"], k=3, context=same)
            assert [each.item for each in found] == list(expected["item"])
            scores = [each.score for each in found]
            np.testing.assert_allclose(scores, expected["score"], rtol=1e-5)
    # A column of the table that is asked for, or one value for all.
    pd.DataFrame({"user": ["u1", "u2"], "hour": ["at 2", "at 0"]}).to_csv(
        tmp_path / "users.csv", index=False
    )
    for source in (tower, tmp_path / "tower" / "1"):
        recommend_to_parquet(source, tmp_path / "best.parquet", tmp_path / "users.csv", k=3)
        answers = pd.read_parquet(tmp_path / "best.parquet").groupby("user")["item"]
        assert answers.agg(set).to_dict() == {"u1": {"i6", "i7", "i8"}, "u2": {"i0", "i1", "i2"}}
        (tmp_path / "best.parquet").unlink()


@pytest.mark.slow
def test_ratings_are_predicted_for_the_request_of_each():
    """The rating is 4 in the morning and 2 in the evening."""
    random = np.random.default_rng(0)
    hour = random.choice(["morning", "evening"], 400)
    frame = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, 20, 400)],
            "item": [f"i{n}" for n in random.integers(0, 10, 400)],
            "timestamp": np.arange(400),
            "hour": hour,
            "value": np.where(hour == "morning", 4.0, 2.0),
        }
    )
    split = splits.random_ratio(Interactions.from_frame(frame, context=CONTEXT))
    keras.utils.set_random_seed(0)
    model = TwoTower(split.train.schema(), dim=4, candidates="pair")
    model.adapt(split.train)
    model.compile(LazyAdam(0.02), keras.losses.MeanSquaredError())
    model.fit(batches(split.train, model.train_inputs, batch_size=64).repeat(40), verbose=0)
    found = evaluate_ratings(model, split, bootstrap=0).rows[0]["metrics"]["rmse"]["mean"]
    assert found < 0.3  # the standard deviation of the ratings is 1


@pytest.mark.slow
def test_both_stages_read_the_request(tower, split):
    random = np.random.default_rng(1)
    shown = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, USERS, 200)],
            "item": [f"i{n}" for n in random.integers(0, HOURS * OF_HOUR, 200)],
            "hour": [f"at {n}" for n in random.integers(0, HOURS + 1, 200)],
            "click": random.integers(0, 2, 200),
        }
    )
    base = split.train.users, split.train.items
    data = Impressions.from_frame(shown, context=CONTEXT, encoders=tower.context, base=base)
    scored = with_retriever_scores(data, tower)
    rows = slice(0, 20)
    expected = tower.score(
        list(shown["user"][rows]), items=list(shown["item"][rows]),
        context={"hour": list(shown["hour"][rows])},
    )  # fmt: skip
    encoder = scored.encoders["retriever_score"]
    np.testing.assert_allclose(
        scored.context["retriever_score"][rows] * encoder.std + encoder.mean, expected, atol=1e-4
    )
    ranker = DeepFM(scored.schema(), dim=4, mlp=(8,))
    ranker.adapt(scored)
    model = TwoStage(tower, ranker, num_candidates=OF_HOUR)
    best = model.recommend(["u1"], k=OF_HOUR, context={"hour": "at 2"})
    assert set(best["item"]) == {"i6", "i7", "i8"}
    # An hour that the ranker alone knows is unknown to the retriever.
    fourth = model.recommend(["u1"], k=OF_HOUR, context={"hour": f"at {HOURS}"})
    unknown = tower.recommend(["u1"], k=OF_HOUR, context={"hour": "never"})
    assert set(fourth["item"]) == set(unknown["item"])

    other = Impressions.from_frame(shown.iloc[::-1], context=CONTEXT, base=base)
    with pytest.raises(InputError, match="TwoTower encodes the feature hour of a request in anoth"):
        with_retriever_scores(other, tower)
    ranker = DeepFM(other.schema(), dim=4, mlp=(8,))
    ranker.adapt(other)
    with pytest.raises(InputError, match="the stages encode the feature hour of a request diff"):
        TwoStage(tower, ranker)
    without = Impressions.from_frame(shown, base=base)
    with pytest.raises(InputError, match="reads the feature hour of a request, and 'impressions'"):
        with_retriever_scores(without, tower)


@pytest.mark.slow
def test_the_first_stage_alone_may_read_the_request(tower, split, tmp_path, check_graph):
    shown = table()[["user", "item", "price"]].assign(click=np.arange(USERS * EVENTS) % 2)
    context = {"price": {"kind": "number"}}
    base = split.train.users, split.train.items
    data = Impressions.from_frame(shown, context=context, base=base)
    ranker = DeepFM(data.schema(), dim=4, mlp=(8,))
    ranker.adapt(data)
    model = TwoStage(tower, ranker, num_candidates=OF_HOUR)
    assert [feature.name for feature in model.schema.context_features] == ["price", "hour"]
    asked = {"users": ["u1"], "k": OF_HOUR, "context": {"hour": "at 2", "price": 3}}
    best = model.recommend(**asked)
    assert set(best["item"]) == {"i6", "i7", "i8"}
    model.save(tmp_path / "saved")
    pd.testing.assert_frame_equal(load(tmp_path / "saved").recommend(**asked), best)
    check_graph(model, 4)


@pytest.mark.slow
def test_the_age_of_examples_makes_answers_those_of_the_end():
    """Items go out of fashion: six are taken in the first half of the time, then six others."""
    random = np.random.default_rng(0)
    size = 1200
    late = np.arange(size) >= size // 2
    frame = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, 60, size)],
            "item": [f"i{n}" for n in np.where(late, 6, 0) + random.integers(0, 6, size)],
            "timestamp": 60 * np.arange(size),
        }
    )
    train = Interactions.from_frame(frame)
    found = {}
    for age in (False, True):
        model = fitted(YouTubeCandidates, train, mlp=(16,), age=age)
        assert ("example_age" in model.train_inputs) == age
        assert "example_age" not in model.query_inputs
        # Of a history from the first half.
        best = model.recommend(histories=[["i0", "i1", "i2"]], k=6, repeats="allow")
        found[age] = sum(int(item[1:]) >= 6 for item in best["item"])
    assert found[True] == 6 and found[False] < 6
    timeless = Interactions.from_frame(frame.drop(columns="timestamp"))
    with pytest.raises(InputError, match="age=True needs the time of each interaction"):
        YouTubeCandidates(timeless.schema(), age=True)


@pytest.mark.slow
def test_candidates_are_those_of_the_request_of_the_event(tower, split):
    """The item of an event is always found, for it is one of the three of its hour."""
    events = split.validation
    found = candidate_impressions(tower, events, slice(None), num_candidates=3, negatives=2)
    assert found.report.requests > 0.9 * len(events)
    items = found.items.vocabulary.lookup(found.item)
    hours = found.encoders["hour"].vocabulary.lookup(found.context["hour"])
    assert [int(item[1:]) // OF_HOUR for item in items] == [int(hour[3:]) for hour in hours]
    bare = split_of(table(), None).validation
    with pytest.raises(InputError, match="TwoTower reads the feature hour of a request, and 'data"):
        candidate_impressions(tower, bare, slice(None), num_candidates=3, negatives=2)


@pytest.mark.parametrize("value", ["text", "bool"])
def test_numbers_are_evaluated_as_the_table_writes_them(value):
    # A request must give a number; a table may hold it as text, or as true and false.
    frame = table()
    values = frame["price"].astype(str) if value == "text" else frame["price"] > 10
    written = split_of(frame.assign(price=values), {"price": {"kind": "number"}})
    plain = split_of(frame.assign(price=values.astype(float)), {"price": {"kind": "number"}})
    model = TwoTower(plain.train.schema(), dim=4)
    model.adapt(plain.train)
    model.repeats = "allow"
    assert recall(model, written) == recall(model, plain)
