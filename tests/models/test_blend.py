"""`Blend`, of models whose scores are known."""

import keras
import numpy as np
import pytest
import scipy.stats

from kerasrec.data import load as load_data
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.models import Blend, Reranked, load
from kerasrec.models.nested_model import nested_classes, nested_config
from kerasrec.models.precision import in_float32, policy_scope
from kerasrec_zoo import (
    EASE,
    ItemKNN,
    Markov,
    MatrixFactorization,
    NeuMF,
    Popularity,
    SASRec,
    Seq2Seq,
    TwoTower,
)


@pytest.fixture(scope="module")
def train():
    return load_data("synthetic", users=40, items=100)


def adapted(cls, train, **arguments):
    model = cls(train.schema(10), **arguments)
    model.adapt(train)
    return model


@pytest.fixture(scope="module")
def parts(train):
    """A part of each family: counted, solved, a dot product over histories, and a network."""
    keras.utils.set_random_seed(0)
    return [
        adapted(Markov, train),
        adapted(EASE, train, l2=5.0),
        adapted(SASRec, train, dim=4, num_blocks=1),
        adapted(NeuMF, train, dim=4),
    ]


@pytest.fixture(scope="module")
def blend(parts):
    return Blend(parts, part_weights=[2.0, 1.0, 0.5, 0.25])


def of_length(cls, train, length, **arguments):
    model = cls(train.schema(length), **arguments)
    model.adapt(train)
    return model


@pytest.fixture(scope="module")
def long_and_short(train):
    """Parts that read the last 12, 3 and 1 items, one of them the times of the steps."""
    keras.utils.set_random_seed(0)
    return [
        of_length(SASRec, train, 3, dim=4, num_blocks=1),
        of_length(Markov, train, 12, last=12, window=4),
        of_length(ItemKNN, train, 1),
        of_length(MatrixFactorization, train, 7, dim=3),
    ]


def users_of(train, number=3):
    return train.users.vocabulary.ids[:number].tolist()


def test_a_score_is_the_weighted_sum_of_standardized_scores(blend, parts, train):
    users, items = users_of(train, 1), train.items.vocabulary.ids.tolist()
    expected = 0.0
    for weight, part in zip((2.0, 1.0, 0.5, 0.25), parts, strict=True):
        scores = part.score(users=users * len(items), items=items)
        expected = expected + weight * scipy.stats.zscore(scores.astype("float64"))
    found = blend.score(users=users * len(items), items=items)
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=1e-3)


@pytest.mark.filterwarnings("ignore:.*histories cut to their last")
def test_each_part_reads_as_much_of_a_history_as_alone(long_and_short, train):
    blend = Blend(long_and_short, gated=False)
    assert blend.schema.history_length == 12
    items = train.items.vocabulary.ids.tolist()
    for length in (0, 1, 2, 5, 11, 12, 20):
        history = items[:length]  # without one, what the user did
        asked = {"users": users_of(train, 1) * len(items)}
        asked |= {"histories": [history] * len(items)} if history else {}
        expected = 0.0
        for part in long_and_short:
            own = asked if "history" in part.query_inputs else {"users": asked["users"]}
            scores = part.score(items=items, **own).astype("float64")
            expected = expected + scipy.stats.zscore(scores)
        np.testing.assert_allclose(blend.score(items=items, **asked), expected, atol=2e-3)


def test_a_checkpoint_keeps_the_lengths_of_the_parts(long_and_short, train, tmp_path):
    blend = Blend([Blend(long_and_short[:2], how="product"), long_and_short[2]], gated=True)
    blend.save(tmp_path / "blend")
    other = load(tmp_path / "blend")
    lengths = [part.schema.history_length for part in other.models[0].models]
    assert lengths == [3, 12] and other.schema.history_length == 12
    histories = [train.items.vocabulary.ids[:9].tolist()]
    ours, theirs = (one.recommend(histories=histories, k=5) for one in (blend, other))
    assert ours["item"].tolist() == theirs["item"].tolist()


def test_recommends_the_items_with_the_best_scores(blend, train):
    user, items = users_of(train, 1), train.items.vocabulary.ids
    answer = blend.recommend(users=user, k=5, repeats="allow")
    scores = blend.score(users=user * len(items), items=items)
    assert answer["item"].tolist() == items[np.argsort(-scores, kind="stable")[:5]].tolist()


def test_reasons_are_the_shares_of_the_parts_and_add_up(blend, train):
    answer = blend.recommend(users=users_of(train), k=3, explain=True)
    for score, reasons in zip(answer["score"], answer["reasons"], strict=True):
        named = {reason["group"] for reason in reasons}
        assert named == {"Markov", "EASE", "SASRec", "NeuMF"}
        total = sum(reason["contribution"] for reason in reasons)
        np.testing.assert_allclose(total, score, rtol=1e-4, atol=1e-5)


def test_features_of_a_user_reach_the_parts_that_read_them(train):
    tower = adapted(TwoTower, train, dim=4)
    one = Blend([tower, adapted(Markov, train)])
    known = users_of(train, 1) * 2
    months = train.users.encoders["signed_up_for"].vocabulary.ids[:2].tolist()
    given = {"user_features": {"signed_up_for": months}}
    items = train.items.vocabulary.ids[:2].tolist()
    shares = [
        scipy.stats.zscore(
            [
                part.score(
                    users=[known[0]],
                    items=[item],
                    **({} if part is not tower else {"user_features": {"signed_up_for": [month]}}),
                )[0]
                for item in train.items.vocabulary.ids
            ]
        )
        for month in months
        for part in one.models
    ]
    expected = [shares[0][0] + shares[1][0], shares[2][1] + shares[3][1]]
    np.testing.assert_allclose(one.score(users=known, items=items, **given), expected, atol=2e-3)


def test_two_parts_of_a_class_have_names_of_their_own(train):
    found = Blend([adapted(Markov, train), adapted(Markov, train, window=1)])
    assert found.names == ["Markov", "Markov 2"]


def test_it_answers_what_all_parts_answer(train, blend):
    assert blend.capabilities == {"users"}  # NeuMF reads no history
    assert Blend([adapted(Markov, train), adapted(EASE, train)]).capabilities == {
        "users",
        "histories",
    }


@pytest.mark.parametrize("how", ["product", "reciprocal_rank"])
def test_a_checkpoint_holds_the_parts_and_the_fitted_weights(how, train, tmp_path):
    one = Blend([adapted(Markov, train), adapted(Popularity, train)], how, gated=True)
    rng = np.random.default_rng(0)
    one.blended.part_weights.assign(rng.random((3, 3, 2)))
    one.blended.offsets.assign(rng.random((3, 3)))
    one.blended.length_edges.assign([3.0, 8.0])
    one.blended.item_groups.assign(rng.integers(0, 3, train.schema().num_items))
    one.repeats = "allow"
    one.save(tmp_path / "blend")
    other = load(tmp_path / "blend")
    assert (other.how, other.gated, other.repeats) == (how, True, "allow")
    users = users_of(train)
    ours, theirs = (each.recommend(users=users, k=5) for each in (one, other))
    assert ours["item"].tolist() == theirs["item"].tolist()
    np.testing.assert_allclose(ours["score"], theirs["score"], rtol=1e-6)


def test_an_export_takes_every_part_in_float32(train):
    with policy_scope("mixed_bfloat16"):
        half = adapted(SASRec, train, dim=4, num_blocks=1)
    blend = Blend([half, adapted(Markov, train)])
    full = in_float32(blend)
    assert half.dtype_policy.name == "mixed_bfloat16"
    assert {part.dtype_policy.name for part in full.models} == {"float32"}
    assert in_float32(full) is full


def test_the_classes_of_all_parts_need_trust(blend):
    inner = nested_config(Blend([Popularity(blend.schema), Markov(blend.schema)]))
    arguments = {**blend.get_config(), "models": [*blend.get_config()["models"], inner]}
    names = [name.rpartition(".")[2] for name in nested_classes(arguments)]
    assert names == ["Markov", "EASE", "SASRec", "NeuMF", "Blend", "Popularity", "Markov"]


def test_adapt_adapts_every_part(train):
    one = Blend([Markov(train.schema(10)), Popularity(train.schema(10))])
    one.adapt(train)
    other = Blend([adapted(Markov, train), adapted(Popularity, train)])
    users = users_of(train)
    assert one.recommend(users=users)["item"].tolist() == (
        other.recommend(users=users)["item"].tolist()
    )
    assert one.trained_on.hashes.tolist() == other.trained_on.hashes.tolist()


def test_a_blend_may_be_a_part_and_take_rules(train):
    inner = Blend([adapted(Markov, train), adapted(MatrixFactorization, train, dim=3)])
    outer = Blend([inner, adapted(MatrixFactorization, train, dim=5), adapted(ItemKNN, train)])
    item = train.items.vocabulary.ids[7]
    rules = {"pin": [{"item": item, "position": 1}]}
    answer = Reranked(outer, rules).recommend(users=users_of(train), k=2, repeats="allow")
    assert answer["item"].tolist()[::2] == [item] * 3


@pytest.mark.slow
@pytest.mark.export
@pytest.mark.parametrize(
    "how,gated", [("sum", False), ("product", True), ("reciprocal_rank", True)]
)
def test_export_gives_the_answers_of_python(parts, train, how, gated, tmp_path):
    models = [*parts, adapted(TwoTower, train, dim=4)]
    found = export(Blend(models, how, gated=gated), tmp_path / "1", k=5)
    assert found["difference"] < 1e-5
    assert "explain" in found["signatures"] and found["foreign"] == []


@pytest.mark.slow
@pytest.mark.export
def test_export_cuts_the_history_of_each_part(long_and_short, tmp_path):
    assert export(Blend(long_and_short), tmp_path / "1", k=5)["difference"] < 1e-5


def test_what_is_no_sum_of_scores_is_refused(train, parts):
    first = adapted(Markov, train)
    other = load_data("synthetic", users=40, items=101)
    cases = [
        ([first], "at least two models, got 1"),
        ([first, "SASRec"], "expected a model, such as SASRec, got 'SASRec'"),
        ([first, first], "given twice"),
        ([first, adapted(Seq2Seq, train, dim=4)], "Seq2Seq does not score all items"),
        ([first, Reranked(parts[1], {})], "Reranked does not score all items"),
        ([first, Popularity(train.schema(10))], "some models are adapted, others not"),
        ([first, adapted(Popularity, other)], "has other items than Markov"),
        ([first, ItemKNN(train.schema(20))], "some models are adapted"),
    ]
    for models, message in cases:
        with pytest.raises(InputError, match=message):
            Blend(models)


@pytest.mark.parametrize(
    "weights,message",
    [
        ([1.0], "expected 2 numbers"),
        ([1.0, -0.5], "of at least 0"),
        ([1.0, float("nan")], "of at least 0"),
        ([0.0, 0.0], "all are 0"),
        (2.0, "expected 2 numbers"),
    ],
)
def test_weights_that_cannot_be_are_refused(train, weights, message):
    with pytest.raises(InputError, match=message):
        Blend([adapted(Markov, train), adapted(ItemKNN, train)], part_weights=weights)


def test_gates_need_a_history(train):
    models = [adapted(MatrixFactorization, train, dim=2) for _ in range(2)]
    with pytest.raises(InputError, match="none of the models reads a history"):
        Blend(models, gated=True)


def test_fit_says_how_the_parts_are_fitted(blend):
    with pytest.raises(InputError, match="fit the parts, each by its own compile and fit"):
        blend.fit(None)
