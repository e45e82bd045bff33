"""UserKNN for users whose ratings come with the request."""

import dataclasses
import heapq
import json

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from kerasrec import Client
from kerasrec.batch_inference import recommend_to_parquet
from kerasrec.cli import main
from kerasrec.client.serving_error import ServingError
from kerasrec.data import Impressions, Interactions
from kerasrec.data.retriever_scores import RETRIEVER_SCORE, with_retriever_scores
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.models import Reranked, load
from kerasrec.serving.server import Server
from kerasrec_zoo import ItemKNN, UserKNN

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_graphs")]

USERS, ITEMS = 14, 11
NEW = {0: 4.0, 2: 1.0, 3: 5.0, 7: 2.0, 9: 5.0}


@pytest.fixture(scope="module")
def table():
    """Ratings from 1 to 5 `(USERS, ITEMS)`, NaN for none; each item has two raters or more."""
    rng = np.random.default_rng(3)
    table = rng.integers(1, 6, (USERS, ITEMS)).astype("float64")
    table[rng.random(table.shape) < 0.4] = np.nan
    assert ((~np.isnan(table)).sum(axis=0) > 1).all()
    return table


def as_data(table):
    users, items = np.nonzero(~np.isnan(table))
    frame = pd.DataFrame({"user": users, "item": items, "value": table[users, items]})
    return Interactions.from_frame(frame.astype({"user": str, "item": str}))


def adapted(data, **options):
    model = UserKNN(data.schema(history_length=20), task="rating", **options)
    model.adapt(data)
    return model


def asked(ratings=NEW):
    return {
        "histories": [[str(item) for item in ratings]],
        "values": [list(ratings.values())],
    }


def scores_of(model, **query):
    (n,) = {len(each) for each in query.values()}
    assert n == 1
    query = {name: each * ITEMS for name, each in query.items()}
    return model.score(**query, items=[str(item) for item in range(ITEMS)])


def similarity_of(x, y, kind, shrinkage, item_means):
    """Of two users, over the items that both have rated."""
    both = ~np.isnan(x) & ~np.isnan(y)
    n = both.sum()
    if kind == "adjusted_cosine":
        x, y = x - item_means, y - item_means
    x, y = x[both], y[both]
    if n == 0:
        return 0.0
    if kind == "msd":
        found = 1 / (1 + ((x - y) ** 2).mean())
    else:
        if kind == "pearson":
            x, y = x - x.mean(), y - y.mean()
        size = np.sqrt((x**2).sum() * (y**2).sum())
        found = x @ y / size if size > 1e-12 else 0.0
    return found * n / (n + shrinkage)


def defined(table, given, kind, shrinkage, k, baseline, nearest):
    """The ratings of a new user by the definition, one item after the other."""
    rated = ~np.isnan(table)
    mean = table[rated].mean()
    item = np.zeros(ITEMS)
    levels = np.full(len(table), 0.0)
    level = 0.0
    if baseline == "means":
        levels = np.nanmean(table, axis=1) - mean
        level = np.nanmean(given) - mean
    if baseline == "biases":
        for _ in range(10):
            item = np.nansum(table - mean - levels[:, None], axis=0) / (10 + rated.sum(axis=0))
            levels = np.nansum(table - mean - item, axis=1) / (15 + rated.sum(axis=1))
        level = np.nansum(given - mean - item) / (15 + (~np.isnan(given)).sum())
    means = np.nanmean(table, axis=0)
    near = np.array([similarity_of(given, one, kind, shrinkage, means) for one in table])
    if nearest == "all":
        kept = np.argsort(-near, kind="stable")[:k]
        near = np.where(np.isin(np.arange(len(near)), kept), near, 0.0)
    found = mean + level + item
    for i in range(ITEMS):
        rests = [
            (near[v], table[v, i] - mean - levels[v] - item[i])
            for v in range(len(table))
            if rated[v, i] and near[v] > 0
        ]
        rests = heapq.nlargest(k, rests)
        if rests:
            weight, rest = np.array(rests).T
            found[i] += weight @ rest / weight.sum()
    return found


def as_row(ratings):
    row = np.full(ITEMS, np.nan)
    row[list(ratings)] = list(ratings.values())
    return row


@pytest.mark.parametrize(
    "baseline,nearest", [("none", "raters"), ("means", "all"), ("biases", "raters")]
)
@pytest.mark.parametrize("kind", ["cosine", "pearson", "adjusted_cosine", "msd"])
def test_a_new_user_is_answered_by_the_definition(table, kind, baseline, nearest):
    given = {"similarity": kind, "shrinkage": 2.0, "baseline": baseline, "nearest": nearest}
    model = adapted(as_data(table), num_neighbours=3, **given)
    right = defined(table, as_row(NEW), kind, 2.0, 3, baseline, nearest)
    np.testing.assert_allclose(scores_of(model, **asked()), right, atol=2e-5)
    # All items at once are looked up otherwise than one pair.
    answer = model.recommend(**asked(), k=ITEMS, repeats="allow")
    found = answer.set_index("item")["score"][[str(item) for item in range(ITEMS)]]
    np.testing.assert_allclose(found, right, atol=2e-5)


@pytest.mark.parametrize("kind,nearest", [("cosine", "all"), ("pearson", "raters"), ("msd", "all")])
def test_a_new_user_is_answered_as_if_the_train_part_had_them(table, kind, nearest):
    """Of what is rated, the user's mean is all that counts: no other number changes."""
    given = {"similarity": kind, "baseline": "means", "nearest": nearest, "num_neighbours": 4}
    before = adapted(as_data(table), **given)
    after = adapted(as_data(np.concatenate([table, [as_row(NEW)]])), **given)
    with_user = scores_of(after, users=[str(USERS)])
    mine = scores_of(before, **asked())
    np.testing.assert_allclose(mine, with_user, atol=2e-5)


def test_the_nearest_of_all_and_the_nearest_raters_by_hand():
    # v agrees with the new user but did not rate c; w, who is further, did.
    pairs = [("v", "a", 5.0), ("v", "b", 1.0), ("w", "a", 4.0), ("w", "b", 1.0), ("w", "c", 2.0)]
    data = Interactions.from_frame(pd.DataFrame(pairs, columns=["user", "item", "value"]))
    given = {"similarity": "msd", "shrinkage": 0, "baseline": "none", "num_neighbours": 1}
    query = {"histories": [["a", "b"]], "values": [[5.0, 1.0]], "items": ["c"]}
    assert adapted(data, **given).score(**query) == pytest.approx([2.0])
    overall = adapted(data, nearest="all", **given)
    assert overall.score(**query) == pytest.approx([data.value.mean()])
    # The same for a user of the train part.
    pairs += [("u", "a", 5.0), ("u", "b", 1.0)]
    data = Interactions.from_frame(pd.DataFrame(pairs, columns=["user", "item", "value"]))
    assert adapted(data, **given).score(users=["u"], items=["c"]) == pytest.approx([2.0])
    overall = adapted(data, nearest="all", **given)
    assert overall.score(users=["u"], items=["c"]) == pytest.approx([data.value.mean()])


def test_a_known_user_may_give_other_ratings_and_is_no_neighbour_of_their_own(table):
    model = adapted(as_data(table), similarity="msd", shrinkage=0, num_neighbours=2)
    without = np.delete(table, 4, axis=0)
    near = [similarity_of(as_row(NEW), one, "msd", 0, None) for one in without]
    found = scores_of(model, users=["4"], **asked())
    stranger = scores_of(model, **asked())
    rated = ~np.isnan(table)
    # Only where user 4 is among the two nearest raters does the answer change.
    for item in range(ITEMS):
        others = sorted(np.array(near)[~np.isnan(without[:, item])])
        own = similarity_of(as_row(NEW), table[4], "msd", 0, None)
        among = rated[4, item] and own > others[-2]
        assert (abs(found[item] - stranger[item]) > 1e-6) <= bool(among)
    assert scores_of(model, users=["4"]).tolist() != found.tolist()


def test_what_is_no_rating_is_not_read(table):
    model = adapted(as_data(table), similarity="pearson")
    right = scores_of(model, **asked())
    items, values = asked()["histories"][0], asked()["values"][0]
    # An older rating of the same item, an item without a rating, an unknown item.
    with pytest.warns(UserWarning, match="unknown history item id.*nothing"):
        found = scores_of(
            model,
            histories=[[items[0], *items, "5", "nothing"]],
            values=[[1.0, *values, None, 3.0]],
        )
    np.testing.assert_allclose(found, right, atol=1e-6)
    with pytest.warns(UserWarning, match="answered from the histories given: nobody"):
        many = model.score(
            users=["3", "nobody"],
            histories=[["1"], items],
            values=[[None], values],
            items=["6"] * 2,
        )
    assert many[0] == pytest.approx(scores_of(model, users=["3"])[6])
    assert many[1] == pytest.approx(right[6])


def test_who_gives_no_rating_gets_the_baseline_and_is_told(table):
    model = adapted(as_data(table), baseline="none")
    with pytest.warns(UserWarning, match="1 unknown user id, answered with the baseline alone"):
        found = model.score(users=["nobody"], histories=[["1", "2"]], items=["3"])
    assert found == pytest.approx([np.nanmean(table)])
    with pytest.warns(UserWarning, match="1 of 2 queries has no rating.*with the baseline alone"):
        model.score(histories=[["1"], ["2"]], values=[[None], [3]], items=["3", "3"])
    with pytest.warns(UserWarning, match="ItemKNN reads no values of a history"):
        other = ItemKNN(as_data(table).schema())
        other.adapt(as_data(table))
        other.score(**asked(), items=["3"])


@pytest.mark.parametrize(
    "values,message",
    [
        ([[6.0, 1.0]], "values: 6.0, of history 0 at place 0: .*train part, from 1 to 5, or None"),
        ([[3, 0.5]], "values: 0.5, of history 0 at place 1"),
        ([["good", 1]], "values: 'good', of history 0 at place 0"),
        ([[True, 1]], "values: True, of history 0"),
        ([[float("inf"), 1]], "values: inf, of history 0"),
        ([[3]], "values: expected one for each of the 2 items of history 0, got 1"),
    ],
)
def test_what_is_no_rating_of_the_train_part_is_refused(table, values, message):
    model = adapted(as_data(table))
    with pytest.raises(InputError, match=message):
        model.recommend(histories=[["1", "2"]], values=values, k=1)


def test_values_without_histories_are_refused(table):
    with pytest.raises(InputError, match="values belong to histories"):
        adapted(as_data(table)).recommend(users=["1"], values=[[1]], k=1)
    with pytest.raises(InputError, match="nearest: 'all' chooses among raters"):
        UserKNN(as_data(table).schema(), nearest="all")


def test_rules_and_rankers_on_top_read_what_the_model_reads(table):
    data = as_data(table)
    model = adapted(data, num_neighbours=3)
    reranked = Reranked(model, {"exclude": ["3"]})
    plain = model.recommend(**asked(), k=4, exclude=["3"])
    assert reranked.recommend(**asked(), k=4)["item"].tolist() == plain["item"].tolist()
    with pytest.raises(InputError, match="values: 9, of history 0 at place 0"):
        reranked.recommend(histories=[["1"]], values=[[9]], k=1)
    # What was shown has no ratings of its own: the scores are those of the train part.
    timed = dataclasses.replace(data, timestamp=np.ones(len(data), "int64"))
    frame = pd.DataFrame({"user": ["1", "4"], "item": ["2", "6"], "timestamp": [5, 6], "click": 1})
    shown = Impressions.from_frame(frame, past=timed)
    scored = with_retriever_scores(shown, model)
    encoder = scored.encoders[RETRIEVER_SCORE]
    right = encoder.encode(model.score(users=["1", "4"], items=["2", "6"]))
    np.testing.assert_allclose(scored.context[RETRIEVER_SCORE], right, atol=1e-4)


@pytest.fixture(scope="module")
def exported(table, tmp_path_factory):
    """A model and its export, of which 200 requests, some with ratings, agree with Python."""
    tf.config.run_functions_eagerly(False)
    model = adapted(as_data(table), similarity="pearson", num_neighbours=3, nearest="all")
    folder = tmp_path_factory.mktemp("served") / "knn"
    assert export(model, folder / "1", k=5)["difference"] <= 1e-5
    return model, folder


@pytest.mark.export
def test_an_export_answers_the_same_and_refuses_the_same(exported, tmp_path):
    model, folder = exported
    model.save(tmp_path / "saved")
    again = load(tmp_path / "saved")
    assert again.value_range == (1.0, 5.0)
    right = scores_of(model, **asked())
    np.testing.assert_allclose(scores_of(again, **asked()), right, rtol=1e-6)
    items = [str(item) for item in NEW]
    served = tf.saved_model.load(str(folder / "1")).signatures["score"]
    request = {"history": tf.constant([items]), "item": tf.constant(["6"])}
    request["user"] = tf.constant([""])
    request["recent"] = tf.constant([[""]])

    def score(*values):
        return served(value=tf.constant([values], tf.float32), **request)["score"].numpy()

    assert score(*NEW.values()) == pytest.approx(right[6:7], abs=1e-5)
    with pytest.raises(tf.errors.InvalidArgumentError, match="in the train part, 1 to 5: got"):
        score(7.0, 1, 1, 1, 1)
    with pytest.raises(tf.errors.InvalidArgumentError, match="value: expected one for each item"):
        score(4.0, 1, 1, 1, 1, 1)
    # The value of a blank item says nothing; one history stands for all rows of values.
    request["history"] = tf.constant([[""]])
    with pytest.warns(UserWarning, match="1 unknown user id"):
        stranger = model.score(users=[""], items=["6"])
    np.testing.assert_allclose(score(0.0), stranger, atol=1e-5)
    request = {**request, "history": tf.constant([items]), "item": tf.constant(["6", "6"])}
    given = tf.constant([[4.0, 1, 5, 2, 5], [4.0, 1, 5, 2, 6]])
    with pytest.raises(tf.errors.InvalidArgumentError, match="1 to 5: got"):
        served(value=given, **request)


@pytest.mark.export
def test_client_and_server_and_files_of_histories(exported, tmp_path):
    model, folder = exported
    items, values = asked()["histories"][0], asked()["values"][0]
    right = model.recommend(**asked(), k=3)
    with Server(folder, port=0, grpc_port=0, say=lambda _: None) as server:
        for address in (f"http://127.0.0.1:{server.port}", f"grpc://127.0.0.1:{server.grpc_port}"):
            with Client(address, "knn", timeout=60) as client:
                one = client.recommend(history=items, value=values, k=3)
                assert [each.item for each in one] == right["item"].tolist()
                assert [each.score for each in one] == pytest.approx(right["score"].tolist())
                many = client.score(
                    histories=[items, items[:2]],
                    values=[values, [None, values[1]]],
                    items=["6", "6"],
                )
                other = model.score(histories=[items[:2]], values=[[None, values[1]]], items=["6"])
                assert many == pytest.approx([scores_of(model, **asked())[6], other[0]])
                with pytest.raises((InputError, ServingError), match="in the train part, 1 to 5"):
                    client.score(history=items[:1], value=[9], item="6")
                with pytest.raises(InputError, match="value: expected ratings.*got 'good'"):
                    client.score(history=items[:1], value=["good"], item="6")
    queries = pd.DataFrame({"history": [items, ["1"]], "value": [values, [None]]})
    queries.to_parquet(tmp_path / "queries.parquet")
    for number, source in enumerate((model, folder / "1")):
        path = tmp_path / f"{number}.parquet"
        recommend_to_parquet(source, path, k=3, histories=tmp_path / "queries.parquet")
        found = pd.read_parquet(path)
        first = found[found.iloc[:, 0].astype(str) == "0"]
        assert first["item"].tolist() == right["item"].tolist()
        np.testing.assert_allclose(first["score"], right["score"], atol=1e-5)


@pytest.mark.export
def test_ratings_on_the_command_line(exported, tmp_path, capsys):
    model, folder = exported
    model.save(tmp_path / "saved")
    right = model.recommend(**asked(), k=3)
    history, values = (",".join(map(str, some)) for some in (NEW, NEW.values()))
    for source in (folder, tmp_path / "saved"):

        def run(*given, source=source):
            command = ["recommend", str(source), "--history", *given, "-k", "3", "--json"]
            status = main(command)
            out, error = capsys.readouterr()
            return status, json.loads(out)["recommendations"] if status == 0 else error

        status, rows = run(history, "--values", values)
        assert status == 0 and [row["item"] for row in rows] == right["item"].tolist()
        assert [row["score"] for row in rows] == pytest.approx(right["score"].tolist(), abs=1e-5)
        # Nothing is no rating.
        assert run("0,2", "--values", "4,")[1] == run("0,2", "--values", "[4, null]")[1]
        status, error = run("0", "--values", "7")
        assert status == 2 and "train part" in error and "1 to 5" in error
        status, error = run("0,2", "--values", "4")
        assert status == 2 and "expected one for each of the 2 items of --history, got 1" in error
        for wrong in ("good", "nan", "[true]", "inf", '[{"a": 1}]'):
            status, error = run("0", "--values", wrong)
            assert status == 2 and "--values: expected numbers, nothing for an" in error
        status, error = run("0", "--values", "[4")
        assert status == 2 and "--values: not a JSON list" in error
    assert main(["recommend", str(folder), "--user", "1", "--values", "4"]) == 2
    assert "--values belong to --history" in capsys.readouterr().err
