"""`TwoStage`, with stages whose scores are known: the retriever's order, and another one."""

import keras
import numpy as np
import pandas as pd
import pytest
from keras import ops

from kerasrec.data import Impressions, Interactions, splits
from kerasrec.data.retriever_scores import RETRIEVER_SCORE, with_retriever_scores
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate
from kerasrec.export import export
from kerasrec.models import Ranker, RankerInputs, TwoStage, load
from kerasrec.register import register
from kerasrec_zoo import DIN, ItemKNN, MatrixFactorization, Popularity

USERS, ITEMS = 12, 20


@register
class Smallest(Ranker):
    """logit = -(row of the item) / 10 + 3 (retriever's score) + weight of the hour."""

    def __init__(self, schema, of_score=0.0, name=None):
        inputs = RankerInputs(schema)
        logit = inputs.linear() - ops.cast(inputs.item, "float32") / 10.0
        if RETRIEVER_SCORE in inputs.request:
            logit = logit + of_score * inputs.request[RETRIEVER_SCORE]
        logits = {task.name: logit for task in schema.tasks}
        super().__init__(schema=schema, inputs=inputs, logits=logits, name=name)


@pytest.fixture(scope="module")
def log():
    random = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "user": [f"u{n}" for n in random.integers(0, USERS, 300)],
            # Popular items have small numbers.
            "item": [f"i{int(n)}" for n in (ITEMS * random.random(300) ** 2)],
            "timestamp": 1_000 + np.arange(300),
            "hour": random.integers(0, 3, 300),
            "click": random.integers(0, 2, 300),
        }
    )
    clicks = Interactions.from_frame(frame[frame["click"] == 1])
    shown = Impressions.from_frame(frame, context={"hour": {"kind": "category"}}, past=clicks)
    past = Interactions.from_frame(frame[frame["click"] == 1], base=(shown.users, shown.items))
    return past, shown


@pytest.fixture(scope="module")
def stages(log):
    past, shown = log
    retriever = Popularity(past.schema())
    retriever.adapt(past)
    ranker = Smallest(shown.schema())
    ranker.adapt(shown)
    return retriever, ranker


def test_the_ranker_orders_the_candidates_of_the_retriever(stages):
    retriever, ranker = stages
    model = TwoStage(retriever, ranker, num_candidates=5)
    first = retriever.recommend(users=["u1"], k=5)
    found = model.recommend(users=["u1"], k=5, context={"hour": "1"})
    assert set(found["item"]) == set(first["item"])
    rows = model.items.vocabulary.rows(found["item"].to_numpy())
    assert rows.tolist() == sorted(rows)  # the ranker prefers small rows
    expected = ranker.score(users=["u1"] * 5, items=found["item"], context={"hour": ["1"] * 5})
    np.testing.assert_allclose(found["score"], expected, rtol=1e-6)


def test_the_answer_says_what_the_retriever_had_said(stages):
    retriever, ranker = stages
    model = TwoStage(retriever, ranker, num_candidates=4)
    queries = model.encode_queries({"user": np.array([3]), "hour": np.array([2])})
    answer = model.rank_catalog(queries, model.encode_catalog(), 3)
    first = model.retrieve(queries, model.encode_catalog(), 4)
    rows, places = np.array(answer["rows"])[0], np.array(answer["retriever_rank"])[0] - 1
    np.testing.assert_array_equal(np.array(first["rows"])[0][places], rows)
    np.testing.assert_allclose(
        np.array(answer["retriever_score"])[0], np.array(first["scores"])[0][places]
    )


def test_as_many_candidates_as_items_are_the_rankers_own_order(stages):
    retriever, ranker = stages
    model = TwoStage(retriever, ranker, num_candidates=1000)
    context = {"hour": "2"}
    found = model.recommend(users=["u1", "u2"], k=6, context=context)
    expected = ranker.recommend(users=["u1", "u2"], k=6, context=context, repeats="allow")
    both = model.recommend(users=["u1", "u2"], k=6, context=context, repeats="allow")
    assert both["item"].tolist() == expected["item"].tolist()
    assert len(found) == 12


def test_exclude_allow_and_seen_items_take_no_places(stages):
    retriever, ranker = stages
    model = TwoStage(retriever, ranker, num_candidates=3)
    items = retriever.recommend(users=["u1"], k=6)["item"].tolist()
    found = model.recommend(users=["u1"], k=3, exclude=items[:3], context={"hour": "1"})
    assert set(found["item"]) == set(items[3:6])
    found = model.recommend(users=["u1"], k=3, allow=items[2:4], context={"hour": "1"})
    assert set(found["item"]) == set(items[2:4])


def test_more_answers_than_candidates_ask_the_retriever_for_more(stages):
    retriever, ranker = stages
    found = TwoStage(retriever, ranker, num_candidates=2).recommend(
        users=["u1"], k=4, context={"hour": "1"}
    )
    assert len(found) == 4


def test_a_score_of_the_retriever_is_a_feature_of_the_pair(log, stages):
    past, shown = log
    retriever = stages[0]
    scored = with_retriever_scores(shown, retriever)
    encoder = scored.encoders[RETRIEVER_SCORE]
    raw = retriever.score_pairs({"user": shown.user}, shown.item)
    np.testing.assert_allclose(
        scored.context[RETRIEVER_SCORE], (raw - encoder.mean) / encoder.std, rtol=1e-4, atol=1e-5
    )
    ranker = Smallest(scored.schema(), of_score=100.0)
    ranker.adapt(scored)
    model = TwoStage(retriever, ranker, num_candidates=8)
    assert RETRIEVER_SCORE not in model.query_inputs
    # Its score is all that counts: the order is the retriever's.
    found = model.recommend(users=["u1"], k=5, context={"hour": "1"})
    assert found["item"].tolist() == retriever.recommend(users=["u1"], k=5)["item"].tolist()


def test_rows_behind_those_of_the_retriever_are_unknown_to_it(log):
    past, _ = log
    retriever = ItemKNN(past.schema())
    retriever.adapt(past)
    columns = {"user": ["u1", "new", "u1"], "item": ["newest", "i1", "i1"], "click": [1, 0, 1]}
    frame = pd.DataFrame({**columns, "timestamp": [2_000, 2_001, 2_002]})
    more = pd.DataFrame({"user": ["new", "u1"], "item": ["i2", "newest"], "timestamp": 1_900})
    # The new item is also in a history.
    every = Interactions.from_frame(more, base=(past.users, past.items))
    shown = Impressions.from_frame(frame, past=every)
    scored = with_retriever_scores(shown, retriever)
    encoder = scored.encoders[RETRIEVER_SCORE]
    found = encoder.mean + encoder.std * scored.context[RETRIEVER_SCORE]
    history = np.zeros((3, 50), "int32")
    history[:, 0] = [1, past.items.vocabulary.rows(["i2"])[0], 1]
    items = np.array([1, shown.item[1], shown.item[2]], "int32")
    expected = retriever.score_pairs({"user": shown.user * 0 + 1, "history": history}, items)
    assert expected[1] > 0
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_items_that_the_retriever_does_not_know_are_no_candidates(log):
    past, shown = log
    retriever = Popularity(past.schema())
    retriever.adapt(past)
    frame = pd.DataFrame({"user": ["u1", "new"], "item": ["i1", "newest"], "click": [1, 0]})
    frame["hour"] = "1"
    more = Impressions.from_frame(
        frame, context={"hour": {"kind": "category"}}, base=(shown.users, shown.items)
    )
    ranker = Smallest(more.schema())
    ranker.adapt(more)
    model = TwoStage(retriever, ranker)
    found = model.recommend(
        users=["new"], k=model.retriever.schema.num_items - 2, context={"hour": 1}
    )
    assert "newest" not in set(found["item"])
    assert model.score(users=["new"], items=["newest"], context={"hour": 1}).shape == (1,)


def test_a_checkpoint_holds_both_stages(stages, tmp_path):
    model = TwoStage(*stages, num_candidates=6)
    model.save(tmp_path / "both")
    found = load(tmp_path / "both", trust=True)
    assert isinstance(found, TwoStage) and found.num_candidates == 6
    query = {"users": ["u1", "u5"], "k": 4, "context": {"hour": ["0", "2"]}}
    pd.testing.assert_frame_equal(found.recommend(**query), model.recommend(**query))


def test_a_stage_from_outside_needs_trust(stages, tmp_path):
    model = TwoStage(*stages)
    model.save(tmp_path / "both")
    with pytest.raises(InputError, match="trust"):
        load(tmp_path / "both")


def test_it_is_evaluated_as_any_model(log, stages):
    past, _ = log
    split = splits.next_item(past)
    found = evaluate(TwoStage(*stages), split, ks=[3], baselines=(), bootstrap=0)
    assert 0 <= found.rows[0]["metrics"]["ndcg@3"]["mean"] <= 1


@pytest.mark.slow
@pytest.mark.parametrize("retriever_class", [MatrixFactorization, ItemKNN])
def test_one_export_answers_as_python(log, retriever_class, tmp_path):
    past, shown = log
    keras.utils.set_random_seed(1)
    retriever = retriever_class(past.schema())
    retriever.adapt(past)
    scored = with_retriever_scores(shown, retriever)
    ranker = Smallest(scored.schema(), of_score=1.0)
    ranker.adapt(scored)
    # The check of an export compares with Python and fails at any difference.
    found = export(TwoStage(retriever, ranker, num_candidates=7), tmp_path / "1", k=5)
    assert {"recommend", "score", "explain"} <= set(found["signatures"])


def test_stages_that_do_not_fit_are_refused(log, stages):
    retriever, ranker = stages
    with pytest.raises(InputError, match="the ranker must be a Ranker"):
        TwoStage(retriever, retriever)
    with pytest.raises(InputError, match="learns from interactions"):
        TwoStage(ranker, ranker)
    other = Interactions.from_frame(pd.DataFrame({"user": list("ab"), "item": list("xy")}))
    stranger = Popularity(other.schema())
    stranger.adapt(other)
    with pytest.raises(InputError, match="are not the first of the"):
        TwoStage(stranger, ranker)
    with pytest.raises(InputError, match="both stages must be adapted"):
        TwoStage(Popularity(log[0].schema()), ranker)
    with pytest.raises(InputError, match="adapted and fitted apart"):
        TwoStage(retriever, ranker).adapt(log[0])
    with pytest.raises(InputError, match="fit the retriever on Interactions"):
        TwoStage(retriever, ranker).fit(None)


def test_a_history_is_as_long_as_the_stage_that_reads_it_says(log, stages):
    _, shown = log
    ranker = DIN(shown.schema(history_length=3), dim=2, attention=(2,), mlp=(2,))
    ranker.adapt(shown)
    # Popularity reads none; its schema has the default length.
    assert TwoStage(stages[0], ranker).schema.history_length == 3
