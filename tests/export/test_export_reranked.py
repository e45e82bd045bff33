"""Rules in an export: `export` itself compares 200 requests with Python, in a new process."""

import json

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Impressions, Interactions
from kerasrec.data import load as load_data
from kerasrec.data.retriever_scores import with_retriever_scores
from kerasrec.export import export
from kerasrec.models import Reranked, Rules, TwoStage, load
from kerasrec.savedmodel import CLoader
from kerasrec_zoo import DeepFM, Hybrid, ItemKNN, MatrixFactorization

pytestmark = [pytest.mark.slow, pytest.mark.export]


@pytest.fixture(scope="module")
def train():
    return load_data("synthetic", users=30, items=120)


def ids(model, numbers):
    return [str(model.items.vocabulary.ids[number]) for number in numbers]


def every_rule(model, method, by):
    return Rules(
        diversity={"method": method, "weight": 0.3, "by": by},
        max_per={"genres": 4},
        boost=[{"items": ids(model, range(5, 9)), "factor": 1.3}],
        pin=[
            {"item": item, "position": position}
            for item, position in zip(ids(model, (3, 4)), (2, 5), strict=True)
        ],
        popularity_damping=0.1,
        freshness={"feature": "pages", "half_life": 500},
        price={"feature": "pages", "weight": 0.5},
        exclude=ids(model, (0, 1)),
    )


def answers(served, **request):
    """The items of one request; what it does not give has its default, as in TF Serving."""
    return [one.decode() for one in served.run("recommend", request, ["item"])["item"][0]]


def test_a_retriever_with_every_rule(train, tmp_path):
    model = MatrixFactorization(train.schema(), dim=4)
    model.adapt(train)
    rules = every_rule(model, "mmr", "vectors")
    folder = tmp_path / "1"
    report = export(Reranked(model, rules, num_candidates=60), folder, k=12)
    assert report["difference"] <= 1e-5 and not report["foreign"]
    of_items = {"similar_items", "embed_user", "embed_items", "profile"}
    assert set(report["signatures"]) == {"recommend", "recommend_examples", "score"} | of_items
    metadata = json.loads((folder / "assets.extra" / "kerasrec.json").read_text())
    assert metadata["model"] == "Reranked" and metadata["rules"] == rules.to_dict()
    pins = ids(model, (3, 4))
    with CLoader(folder) as served:
        found = answers(served, user=["nobody"])
        assert [found[1], found[4]] == pins and len(set(found)) == 12
        assert not set(found) & set(ids(model, (0, 1)))
        # The request's own exclude counts for a pin.
        assert pins[0] not in answers(served, user=["nobody"], exclude=[pins[:1]])


def test_a_retriever_with_every_rule_and_determinants(train, check_graph):
    model = MatrixFactorization(train.schema(), dim=4)
    model.adapt(train)
    rules = every_rule(model, "dpp", "vectors")
    check_graph(Reranked(model, rules, num_candidates=60), 12, ["recommend"])


def test_vectors_explanations_and_an_approximate_index(tmp_path):
    train = load_data("synthetic", users=60, items=1500)
    model = Hybrid(train.schema(history_length=8), dim=8)
    model.adapt(train)
    rules = every_rule(model, "mmr", "vectors")
    reranked = Reranked(model, rules, num_candidates=12)
    history = ids(model, range(20, 26))
    asked = {"histories": [history], "k": 5, "explain": True}
    ruled = reranked.recommend(**asked)
    plain = model.recommend(**asked, allow=ruled["item"])
    # What a score rests on does not depend on the rules.
    assert list(ruled.columns) == list(plain.columns)
    for row in ruled.to_dict("records"):
        same = plain[plain["item"] == row["item"]].iloc[0]
        assert row["from_content"] == pytest.approx(same["from_content"], abs=1e-5)
        assert [one["item"] for one in row["reasons"]] == [one["item"] for one in same["reasons"]]
    similar = [one.similar_items(history[:2], k=3) for one in (model, reranked)]
    pd.testing.assert_frame_equal(*similar)
    report = export(reranked, tmp_path / "1", k=10, index="ivf", recall=0.5)
    assert report["difference"] <= 1e-5
    assert {"recommend_explained", "similar_items", "embed_items"} <= set(report["signatures"])
    metadata = json.loads((tmp_path / "1" / "assets.extra" / "kerasrec.json").read_text())
    # The candidates are what the index has to find.
    assert metadata["index"]["kind"] == "ivf" and metadata["index"]["k"] == 12


def test_a_model_of_neighbours_by_category(train, check_graph):
    model = ItemKNN(train.schema())
    model.adapt(train)
    check_graph(Reranked(model, every_rule(model, "mmr", "genres")), 10, ["recommend", "score"])


def test_two_stages(tmp_path):
    rng = np.random.default_rng(0)
    n = 600
    frame = pd.DataFrame(
        {
            "user": rng.integers(0, 12, n).astype(str),
            "item": rng.integers(0, 30, n).astype(str),
            "hour": rng.integers(0, 24, n),
            "click": rng.integers(0, 2, n),
            "timestamp": 1_700_000_000 + np.arange(n),
        }
    )
    clicks = frame[frame["click"] == 1]
    past = Interactions.from_frame(clicks)
    context = {"hour": {"kind": "category"}}
    shown = Impressions.from_frame(frame, context=context, past=past)
    past = Interactions.from_frame(clicks, base=(shown.users, shown.items))
    retriever = MatrixFactorization(past.schema(), dim=4)
    retriever.adapt(past)
    data = with_retriever_scores(shown, retriever)
    ranker = DeepFM(data.schema())
    ranker.adapt(data)
    two_stage = TwoStage(retriever, ranker, num_candidates=20)
    rules = {"diversity": {"weight": 0.3}, "pin": [{"item": "7"}], "popularity_damping": 0.1}
    reranked = Reranked(two_stage, rules, num_candidates=15)
    reranked.save(tmp_path / "saved")
    loaded = load(tmp_path / "saved")
    one, other = (
        each.recommend(users=["3", "4"], k=5, context={"hour": 9}) for each in (reranked, loaded)
    )
    assert one["item"].tolist() == other["item"].tolist()
    report = export(loaded, tmp_path / "1", k=8)
    assert report["difference"] <= 1e-5 and "explain" in report["signatures"]
    reasons = loaded.recommend(users=["3"], k=2, explain=True, context={"hour": 9})["reasons"]
    assert {one["group"] for one in reasons[0]} >= {"user", "item"}
    with CLoader(tmp_path / "1") as served:
        assert answers(served, user=["3"], repeats=["allow"])[0] == "7"
