"""`Reranked`, on a model that scores the items a to h with 10, 9, 8, 7, 6, 5, 4 and 0."""

import copy

import keras
import numpy as np
import pandas as pd
import pytest

from kerasrec import models
from kerasrec.data import Interactions, splits
from kerasrec.data import load as load_data
from kerasrec.errors import InputError
from kerasrec.evaluation import evaluate
from kerasrec.layers import MMR
from kerasrec.models import FactorModel, Factors, Reranked, Rules
from kerasrec.models.precision import in_float32, policy_scope
from kerasrec_zoo import ItemKNN, MatrixFactorization

SCORES = np.array([10.0, 9, 8, 7, 6, 5, 4, 0])
# In the second coordinate, which no query reads: what makes vectors alike.
SIDE = np.array([0.0, 1, 0, 9, 9, 0, 9, 5])


class Given(FactorModel):
    """<(1, 0), (score, side)> for every user."""

    def __init__(self, schema, name=None):
        super().__init__(schema=schema, dim=2, name=name)

    def find_factors(self, train):
        users = np.tile([1.0, 0.0], (self.schema.num_users, 1))
        items = np.concatenate([np.zeros((2, 2)), np.stack([SCORES, SIDE], axis=1)])
        return Factors(users, items)


@pytest.fixture(scope="module")
def train():
    """Item a was taken three times, the others once. Of h no brand is known."""
    frame = pd.DataFrame({"user": list("uvvwxxxxxx"), "item": list("habaacdefg")})
    items = pd.DataFrame(
        {
            "item": list("abcdefgh"),
            "brand": ["acme"] * 3 + ["beta"] * 2 + ["core"] * 2 + [None],
            "tags": ["x|y", "x", "y", "z", "x", "z", "y", ""],
            "day": [100, 70, 40, 100, 100, 100, 100, 100],
            "seen": ["2024-01-01"] * 8,
            "price": [1, 2, 3, 4, 5, 6, 7, 8],
            "debt": [3, -2, 0, 0, 0, 0, 0, 0],
        }
    )
    features = {
        "brand": {"kind": "category"},
        "tags": {"kind": "categories"},
        "day": {"kind": "number"},
        "seen": {"kind": "time"},
        "price": {"kind": "number", "buckets": 2},
        "debt": {"kind": "number"},
    }
    return Interactions.from_frame(frame, item_frame=items, item_features=features)


@pytest.fixture(scope="module")
def model(train):
    model = Given(train.schema())
    model.adapt(train)
    model.repeats = "allow"
    return model


@pytest.fixture
def best(model):
    """`best(k, **rules)`: the ids of the k best items as one text, and their scores."""

    def best(k=8, users=("u",), exclude=None, allow=None, repeats=None, **rules):
        reranked = Reranked(model, Rules(**rules))
        frame = reranked.recommend(
            users=list(users), k=k, exclude=exclude, allow=allow, repeats=repeats
        )
        return "".join(frame["item"]), frame["score"].tolist()

    return best


def test_without_rules_the_answers_of_the_model(best, model):
    items, scores = best()
    assert items == "abcdefgh" and scores == SCORES.tolist()
    frame = model.recommend(users=["u"], k=8)
    assert "".join(frame["item"]) == items and frame["score"].tolist() == scores


def test_boosts_multiply_the_relevance(best):
    items, scores = best(boost=[{"feature": "brand", "value": "beta", "factor": 2}])
    # 1.4, 1.2, 1.0, .9, .8, .5, .4, 0; the scores stay those of the model.
    assert items == "deabcfgh" and scores == [7, 6, 10, 9, 8, 5, 4, 0]
    # Two boosts of one item: .4 * 2 * 1.5 = 1.2.
    boost = [{"items": ["g", "h"], "factor": 2}, {"items": ["g", "a"], "factor": 1.5}]
    assert best(3, boost=boost)[0] == "agb"
    # An item with several values is boosted once by each rule that names one of them.
    boost = [{"feature": "tags", "value": "z", "factor": 1.5}]
    assert best(3, boost=boost)[0] == "dab"


def test_popularity_damping_subtracts_the_log_of_the_count(best):
    # log(1 + 3) / log(1 + 3) = 1 for a, log(1 + 1) / log(1 + 3) = 1 / 2 for the others.
    # b .9 - .14, a 1 - .28, c .8 - .14
    assert best(popularity_damping=0.28)[0] == "bacdefgh"
    # b .9 - .35, c .8 - .35, d .7 - .35, a 1 - .7, e .6 - .35
    assert best(popularity_damping=0.7)[0] == "bcdaefgh"


def test_freshness_halves_the_relevance(best):
    # 30 days before the newest are a half, 60 days a quarter.
    # a 1, d .7, e .6, f .5, b .45, g .4, c .2
    assert best(freshness={"feature": "day", "half_life": 30})[0] == "adefbgch"


def test_a_price_multiplies_the_relevance(best):
    # a 1, d .7, b .9 * .7 = .63, e .6, f .5, g .4, c .8 * .4 = .32
    assert best(price={"feature": "day"})[0] == "adbefgch"
    # b .9 * .49 = .441, c .8 * .16 = .128
    assert best(price={"feature": "day", "weight": 2})[0] == "adefbgch"


def test_at_most_so_many_of_a_brand(best):
    assert best(max_per={"brand": 1})[0] == "adfh"
    assert best(5, max_per={"brand": 2})[0] == "abdef"
    # h has no tag; x, y and z are full after a and d.
    assert best(max_per={"tags": 1})[0] == "adh"
    assert best(max_per={"brand": 1, "tags": 2})[0] == "adfh"


def test_mmr_by_brand(best):
    # .5 relevance - .5 for a brand that is there: after a, d and f: h 0, b -.05, c -.1, e -.2.
    diversity = {"method": "mmr", "weight": 0.5, "by": "brand"}
    items, scores = best(diversity=diversity)
    assert items == "adfhbceg" and scores == [10, 7, 5, 0, 9, 8, 6, 4]
    assert best(3, diversity=diversity)[0] == "adf"


def test_diversity_by_vectors_is_the_layer_on_them(best):
    vectors = np.stack([SCORES, SIDE], axis=1)[None].astype("float32")
    layer = MMR(8, 0.6)(np.arange(8)[None] + 2, SCORES[None] / 10, vectors)
    expected = "".join("abcdefgh"[row - 2] for row in np.array(layer["rows"])[0])
    assert best(diversity={"weight": 0.6})[0] == expected != "abcdefgh"


def test_dpp_by_brand(best):
    # A second item of a brand has the variance 0.
    diversity = {"method": "dpp", "weight": 0.5, "by": "brand"}
    assert best(diversity=diversity)[0] == "adfhbceg"


def test_pins(best):
    pins = [{"item": "g", "position": 2}, {"item": "h", "position": 1}]
    items, scores = best(4, pin=pins)
    assert items == "hgab" and scores == [0, 4, 10, 9]
    # A pinned item is at its position alone, also where it would be better.
    assert best(3, pin=[{"item": "a", "position": 3}])[0] == "bca"
    assert best(2, pin=[{"item": "a", "position": 3}])[0] == "bc"


def test_a_request_rules_pins_out(best):
    pins = [{"item": "g"}, {"item": "h", "position": 2}]
    assert best(3, pin=pins, exclude=["g"])[0] == "ahb"
    assert best(3, pin=pins, allow=["a", "b", "c"])[0] == "abc"
    assert best(3, pin=pins, allow=["b", "h"])[0] == "bh"
    # User u has taken h.
    assert best(3, pin=pins, repeats="mask")[0] == "gab"
    assert best(3, pin=pins, repeats="mask", users=["v"])[0] == "ghc"


def test_excluded_items_take_no_place(best, model):
    assert best(3, exclude=["c"])[0] == "abd"
    assert "".join(Reranked(model, {"exclude": ["a", "b"]}, 3).recommend(["u"], k=3)["item"]) == (
        "cde"
    )


def test_what_is_left_is_the_answer(best, model):
    reranked = Reranked(model, {"exclude": list("abcdefgh")})
    assert len(reranked.recommend(users=["u"], k=3)) == 0
    reranked = Reranked(model, {"exclude": list("bcdefgh"), "max_per": {"brand": 1}})
    frame = reranked.recommend(users=["u"], k=3)
    assert frame["item"].tolist() == ["a"] and frame["score"].tolist() == [10.0]


def test_only_the_candidates_are_re_ranked(model):
    boost = [{"items": ["h"], "factor": 99}, {"items": ["d"], "factor": 2.5}]
    reranked = Reranked(model, {"boost": boost}, num_candidates=5)
    # Of a to e the lowest is 6: c is at (8 - 6) / 4, d at (7 - 6) / 4 * 2.5. h is no candidate.
    frame = reranked.recommend(users=["u"], k=3)
    assert "".join(frame["item"]) == "abd"


def test_the_steps_in_their_order(best):
    # Boosted: d 1.4, e 1.2. One of a brand: d, a, f, h. c is pinned and not counted.
    found = best(
        boost=[{"feature": "brand", "value": "beta", "factor": 2}],
        max_per={"brand": 1},
        pin=[{"item": "c", "position": 2}],
        exclude=["f"],
    )
    assert found[0] == "dcagh"


@pytest.mark.parametrize(
    "rules,message",
    [
        ({"pin": [{"item": "q"}]}, "pin: the model does not know the items 'q'"),
        ({"exclude": ["a", "q", "r"]}, "exclude: the model does not know the items 'q', 'r':"),
        ({"boost": [{"items": ["q"], "factor": 2}]}, "boost 1: the model does not know the items"),
        ({"max_per": {"brnd": 1}}, "no item feature brnd; did you mean brand?"),
        ({"max_per": {"day": 1}}, "item feature day is of kind number, expected category or"),
        ({"diversity": {"by": "branding"}}, "no item feature branding; did you mean brand?"),
        (
            {"boost": [{"feature": "brand", "value": "akme", "factor": 2}]},
            "boost 1: brand has no value akme; did you mean acme?",
        ),
        (
            {"boost": [{"feature": "price", "value": "3", "factor": 2}]},
            "price is a number in buckets, which have no names",
        ),
        ({"freshness": {"feature": "seen", "half_life": 3}}, "keeps hour, weekday and month alone"),
        ({"freshness": {"feature": "brand", "half_life": 3}}, "of kind category, expected number"),
        ({"price": {"feature": "brand"}}, "of kind category, expected number"),
        ({"price": {"feature": "seen"}}, "expected number"),
        ({"price": {"feature": "debt"}}, "debt is from -2 to 3, expected numbers from 0 on"),
    ],
)
def test_rules_that_name_what_is_unknown(model, rules, message):
    with pytest.raises(InputError, match=message):
        Reranked(model, rules)


def test_models_and_rules_that_do_not_fit(train, model):
    with pytest.raises(InputError, match="without rules of its own, got Reranked"):
        Reranked(Reranked(model, {}), {})
    knn = ItemKNN(train.schema())
    knn.adapt(train)
    with pytest.raises(InputError, match="ItemKNN has no item vectors: give the name of a cat"):
        Reranked(knn, {"diversity": {}})
    reranked = Reranked(knn, {"diversity": {"by": "brand"}})
    assert len(reranked.recommend(users=["u"], k=3)) == 3
    for refused in (reranked.adapt, reranked.fit):
        with pytest.raises(InputError, match="before it is given rules"):
            refused(train)
    frame = reranked.recommend(users=["v"], k=3, explain=True)
    for score, reasons in zip(frame["score"], frame["reasons"], strict=True):
        assert sum(one["contribution"] for one in reasons) == pytest.approx(score)


def test_score_and_repeats_are_the_model_s(model):
    reranked = Reranked(model, {"boost": [{"items": ["a"], "factor": 2}]})
    assert reranked.score(users=["u"], items=["a"]).tolist() == [10.0]
    assert reranked.repeats == "allow" and reranked.items is model.items


@pytest.fixture(scope="module")
def trained():
    """A model of the synthetic data with initial weights, its rules and its split."""
    split = splits.next_item(load_data("synthetic", users=30, items=120))
    keras.utils.set_random_seed(0)
    model = MatrixFactorization(split.train.schema(), dim=4)
    model.adapt(split.train)
    ids = [str(one) for one in model.items.vocabulary.ids]
    rules = Rules(
        diversity={"weight": 0.2},
        max_per={"genres": 4},
        boost=[{"items": ids[5:9], "factor": 1.3}],
        pin=[{"item": ids[3], "position": 2}],
        popularity_damping=0.1,
        exclude=ids[:2],
    )
    return model, rules, split


def test_a_checkpoint_holds_the_rules(trained, tmp_path):
    model, rules, _ = trained
    reranked = Reranked(model, rules, num_candidates=40)
    reranked.save(tmp_path / "saved")
    loaded = models.load(tmp_path / "saved")
    assert type(loaded) is Reranked and type(loaded.model) is MatrixFactorization
    assert loaded.rules == rules and loaded.num_candidates == 40
    users = [str(one) for one in model.users.vocabulary.ids]
    one, other = (each.recommend(users=users, k=10) for each in (reranked, loaded))
    assert one["item"].tolist() == other["item"].tolist()
    np.testing.assert_allclose(one["score"], other["score"], atol=1e-6)
    # The rules can be attached to what a checkpoint holds as well.
    model.save(tmp_path / "plain")
    again = Reranked(models.load(tmp_path / "plain"), rules, 40).recommend(users=users, k=10)
    assert again["item"].tolist() == one["item"].tolist()


def test_a_model_inside_is_exported_in_float32_too(trained):
    _, rules, split = trained
    with policy_scope("mixed_float16"):
        model = MatrixFactorization(split.train.schema(), dim=4)
    model.adapt(split.train)
    full = in_float32(Reranked(model, rules))
    assert model.dtype_policy.name == "mixed_float16"
    assert full.model.dtype_policy.name == "float32" and full.items is model.items
    for one, other in zip(full.weights, model.weights, strict=False):
        np.testing.assert_array_equal(one, other)
    assert in_float32(full) is full


def test_a_keras_file_and_a_copy_hold_the_rules(trained, tmp_path):
    model, rules, _ = trained
    reranked = Reranked(model, rules, num_candidates=40)
    users = [str(one) for one in model.users.vocabulary.ids[:5]]
    expected = reranked.recommend(users=users, k=10)
    reranked.save(tmp_path / "saved.keras")
    for copied in (
        keras.models.load_model(tmp_path / "saved.keras"),
        copy.deepcopy(reranked),
    ):
        found = copied.recommend(users=users, k=10)
        assert copied.rules == rules and found["item"].tolist() == expected["item"].tolist()


def test_a_checkpoint_of_a_model_that_keeps_no_features(trained, tmp_path):
    split = trained[2]
    knn = ItemKNN(split.train.schema())
    knn.adapt(split.train)
    knn.save(tmp_path / "plain")
    with pytest.raises(InputError, match="ItemKNN keeps no item features in a checkpoint"):
        Reranked(models.load(tmp_path / "plain"), {"max_per": {"genres": 1}})
    Reranked(knn, {"max_per": {"genres": 1}}).save(tmp_path / "saved")
    loaded = models.load(tmp_path / "saved")
    frame = loaded.recommend(users=[str(knn.users.vocabulary.ids[0])], k=5)
    genres = split.train.items.columns["genres"][knn.items.vocabulary.rows(frame["item"])]
    values = genres[genres > 1]
    assert len(values) == len(set(values.tolist()))


def test_evaluate_ranks_by_the_rules(trained):
    model, rules, split = trained
    excluding = Reranked(model, Rules(exclude=[str(one) for one in model.items.vocabulary.ids[5:]]))
    rows = evaluate(excluding, split, ks=[10], baselines=(), bootstrap=0).rows
    # Five of 120 items are left.
    assert rows[0]["metrics"]["coverage@10"]["mean"] == pytest.approx(5 / 120)
    plain, diverse = (
        evaluate(one, split, ks=[10], baselines=(), bootstrap=0).rows[0]["metrics"]
        for one in (model, Reranked(model, {"diversity": {"weight": 0.9, "by": "genres"}}))
    )
    assert diverse["diversity@10"]["mean"] > plain["diversity@10"]["mean"]


@pytest.fixture
def asked(model):
    """`asked(rules, **request)`: the ids of all items in order as one text."""

    def asked(rules, k=8, **request):
        frame = Reranked(model, rules).recommend(users=["u"], k=k, **request)
        return "".join(frame["item"])

    return asked


def test_a_request_boosts_items(asked):
    # As the rules do: d 1.4, e 1.2, a 1.0.
    assert asked({}, boost={"d": 2, "e": 2}) == "deabcfgh"
    # Beside the rules: g .4 * 2 * 1.5 = 1.2.
    assert asked({"boost": [{"items": ["g"], "factor": 2}]}, boost={"g": 1.5}, k=3) == "gab"
    # Damping is subtracted after it: a 1 * .7 - .28, b .9 - .14, c .8 - .14, d .7 - .14
    assert asked({"popularity_damping": 0.28}, boost={"a": 0.7}, k=4) == "bcde"
    # Within the caps: beta has e and d, of which one is shown.
    assert asked({"max_per": {"brand": 1}}, boost={"e": 3}) == "eafh"
    # The scores are those of the model.
    assert asked({}, boost={}) == asked({}, boost=None) == "abcdefgh"


def test_a_request_pins_items(asked):
    assert asked({}, pin=["g", "c"]) == "gcabdefh"
    assert asked({}, pin=["h", "g"], k=1) == "h"
    assert asked({}, pin=[]) == "abcdefgh"
    assert asked({}, pin=["c", "a", "c"]) == "cabdefgh"
    # They do not count for max_per.
    assert asked({"max_per": {"brand": 1}}, pin=["c", "b"]) == "cbadfh"


def test_the_pins_of_the_rules_follow_those_of_the_request(asked):
    rules = {"pin": [{"item": "h", "position": 2}], "exclude": ["b"]}
    assert asked(rules) == "ahcdefg"
    assert asked(rules, pin=["g"]) == "gahcdef"
    # It is once in the list, where the request wants it.
    assert asked(rules, pin=["g", "h"]) == "ghacdef"
    assert asked(rules, pin=["b", "d"]) == "dahcefg"


def test_a_pin_that_the_request_rules_out_is_not_shown(asked):
    assert asked({}, pin=["g", "c"], exclude=["g"]) == "cabdefh"
    assert asked({}, pin=["g", "c"], allow=["c", "a", "b"]) == "cab"
    # u has seen h.
    assert asked({}, pin=["h", "c"], repeats="mask") == "cabdefg"
    assert asked({}, pin=["h", "c"], repeats="allow") == "hcabdefg"


def test_the_score_of_what_a_request_pins_is_the_models(model):
    frame = Reranked(model, {}).recommend(users=["u", "w"], k=3, pin=["g", "c"])
    assert frame["item"].tolist() == ["g", "c", "a"] * 2
    assert frame["score"].tolist() == [4, 8, 10] * 2


def test_unknown_ids_of_a_request_are_left_out(model):
    with pytest.warns(UserWarning) as told:
        frame = Reranked(model, {}).recommend(
            users=["u"], k=2, pin=["zebra", "", "c"], boost={"yak": 2, "b": 2}
        )
    assert frame["item"].tolist() == ["c", "b"]
    said = [
        "1 unknown pin item id, left out: zebra",
        "1 unknown boost item id, left out: yak",
    ]
    assert frame.attrs["notes"] == said == [str(one.message) for one in told]


@pytest.mark.parametrize(
    "request_of, said",
    [
        ({"boost": ["a"]}, r"boost must be a dict of ids to factors, such as .* got \['a'\]"),
        ({"boost": {"a": 0}}, "boost: expected a number above 0 for 'a', such as 1.5: got 0"),
        ({"boost": {"a": -1.0}}, "got -1.0"),
        ({"boost": {"a": float("nan")}}, "got nan"),
        ({"boost": {"a": float("inf")}}, "got inf"),
        ({"boost": {"a": 1e-46}}, "got 1e-46"),  # 0 in float32
        ({"boost": {"a": "2"}}, "got '2'"),
        ({"boost": {"a": True}}, "got True"),
        ({"pin": "abc"}, r"pin must be a list of ids: got 'abc', which is one: write \['abc'\]"),
        ({"pin": {"a", "b"}}, "in their order: a set has none"),
        ({"pin": {"a": 1}}, "pin must be a list of ids: got a dict"),
    ],
)
def test_wrong_pins_and_boosts(model, request_of, said):
    with pytest.raises(InputError, match=said):
        Reranked(model, {}).recommend(users=["u"], k=2, **request_of)


@pytest.mark.parametrize("request_of", [{"pin": ["a"]}, {"boost": {"a": 2}}])
def test_a_model_without_rules_takes_no_pins_and_boosts(model, request_of):
    with pytest.raises(InputError, match=r"Given has no rules, .*Reranked\(model, \{\}\)"):
        model.recommend(users=["u"], k=2, **request_of)
