"""What every zoo model must do. A new model is tested here before anyone writes a test for it."""

import inspect
import pathlib

import keras
import numpy as np
import pytest
import yaml

import kerasrec_zoo
from kerasrec import models
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.models.contract.models_of import models_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = models_of(kerasrec_zoo)
OTHER = {"cg_steps": 3, "candidates": "sampled", "cell": "gru", "alpha": 0.3, "name": "other"}
OTHER |= {"sources": {"transitions": 0.5, "cooccurrence": 2.0}}
OTHER |= {"feature_weights": {"text": 2.0}}
OTHER |= {"task": "rating", "similarity": "pearson", "baseline": "means", "num_ratings": 5}
OTHER |= {"num_neighbours": 7, "parts": "mlp", "interaction": "stack", "temperature": 0.2}
# It has to divide any other dim.
OTHER |= {"num_heads": 5, "attention": "dot", "encoder": "bag_of_words"}
OTHER |= {"weighting": "bm25", "nearest": "all", "activation": "tanh"}
# It is the other matrix than that of `centred`.
OTHER |= {"ratings": False}
# It needs users with features.
OTHER |= {"user_features": False}
# It needs times.
OTHER |= {"age": False}
# What the files of an export and the C++ loader do is the same for all models of a kind: one with
# a network over histories, one with content, a joint one and a table. Seq2Seq has its own test.
EXPORTED = {getattr(kerasrec_zoo, name) for name in ("SASRec", "Hybrid", "NeuMF", "EASE")}

pytestmark = [
    pytest.mark.slow,
    pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__),
]


def arguments(cls):
    return list(inspect.signature(cls).parameters.values())[1:]


def test_at_most_ten_arguments_after_the_schema_and_the_name(cls):
    names = [p.name for p in arguments(cls)]
    assert names[-1] == "name"
    assert len(names) - 1 <= 10


def test_config_is_what_was_asked_for(cls, checkerboard):
    asked = {}
    for parameter in arguments(cls):
        default = parameter.default
        if parameter.name in OTHER:
            asked[parameter.name] = OTHER[parameter.name]
        elif isinstance(default, bool):
            asked[parameter.name] = not default
        elif isinstance(default, (int, float)):
            asked[parameter.name] = default + (1 if isinstance(default, int) else 0.0625)
        else:
            asked[parameter.name] = (2, 3)
    if asked.get("task") == "rating":  # ratings are counted alone
        asked.pop("sources", None)
    model = cls(checkerboard.schema(history_length=7), **asked)
    model.repeats = "allow"
    config = model.get_config()
    for name, value in asked.items():
        assert _plain(config[name]) == _plain(value), name
    again = cls.from_config(config)
    assert again.get_config() == config and again.repeats == "allow"
    assert again.schema == model.schema
    assert [w.shape for w in again.weights] == [w.shape for w in model.weights]


def test_finds_the_withheld_item(cls, trained, checkerboard):
    model = trained(cls).model
    if model.predicts_values:
        pytest.skip("ratings have another right answer")
    if cls is kerasrec_zoo.SmoothedMean:
        pytest.skip("everybody gets the items by their mean rating")
    users = checkerboard.users.vocabulary.ids
    answer = model.recommend(users=list(users), k=1)
    if cls is kerasrec_zoo.Popularity:
        assert answer["score"].tolist() == [5.0] * len(users)
        return
    touched = [str(n) for n in range(12)]
    answer = model.recommend(users=list(users), k=1, allow=touched)
    assert answer["item"].tolist() == list(users)
    assert answer["title"].tolist() == [f"Number {user}" for user in users]


def test_seen_items_are_left_out_unless_asked_for(cls, trained, checkerboard):
    model = trained(cls).model
    user = checkerboard.users.vocabulary.ids[0]
    seen = set(checkerboard.items.vocabulary.lookup(model.histories.take([2]).items))
    unseen = model.recommend(users=[user], k=14)
    assert not seen & set(unseen["item"])
    assert len(unseen) == 14 - len(seen)
    assert len(model.recommend(users=[user], k=14, repeats="allow")) == 14


def test_exclude_and_allow(cls, trained):
    model = trained(cls).model
    first = model.recommend(users=["3"], k=2)
    without = model.recommend(users=["3"], k=1, exclude=[first["item"][0]])
    if model.horizon == 1:  # a sequence goes on otherwise from another first item
        assert without["item"].tolist() == [first["item"][1]]
    assert without["item"][0] != first["item"][0]
    only = model.recommend(users=["3"], k=5, allow=["2", "4"])
    assert sorted(only["item"]) == ["2", "4"]


def test_unknown_ids_are_answered_from_the_rest_and_said(cls, trained):
    model = trained(cls).model
    with pytest.warns(UserWarning, match="1 unknown user id, answered .*: nobody"):
        answer = model.recommend(users=["0", "nobody"], k=2)
    assert len(answer) == 4
    assert "nobody" in answer.attrs["notes"][0]
    if "histories" in model.capabilities:
        with pytest.warns(UserWarning, match="1 unknown history item id, left out: 1000"):
            odd = model.recommend(histories=[["1", "1000", "3"]], k=2)
        even = model.recommend(histories=[["1", "3"]], k=2)
        assert odd["item"].tolist() == even["item"].tolist()
    else:
        with pytest.raises(InputError, match="known users only"):
            model.recommend(histories=[["1"]], k=2)


def test_bad_requests_are_refused(cls, trained, checkerboard):
    model = trained(cls).model
    with pytest.raises(InputError, match="between 1 and the number of items, 14: got 15"):
        model.recommend(users=["1"], k=15)
    with pytest.raises(InputError, match="users or histories"):
        model.recommend()
    with pytest.raises(InputError, match="one item for each query"):
        model.score(users=["1", "2"], items=["1"])
    with pytest.raises(InputError, match="adapt"):
        cls(checkerboard.schema()).recommend(users=["1"])


def test_score_is_the_score_of_recommend(cls, trained):
    model = trained(cls).model
    # Of a sequence the first item alone has the score of one step.
    k = 3 if model.horizon == 1 else 1
    answer = model.recommend(users=["5"], k=k)
    again = model.score(users=["5"] * k, items=list(answer["item"]))
    np.testing.assert_allclose(again, answer["score"], rtol=2e-6, atol=1e-6)


def test_padding_does_not_matter(cls, trained):
    model = trained(cls).model
    plain = np.array([[2, 4, 3]], "int32")
    inputs = {"user": np.array([3], "int32"), "history": plain}
    scores = model.top_k(inputs, 5)[1]
    for before, after in ((0, 2), (1, 1), (2, 0)):
        padded = {**inputs, "history": np.pad(plain, ((0, 0), (before, after)))}
        np.testing.assert_allclose(model.top_k(padded, 5)[1], scores, atol=1e-6)


def test_training_moves_every_weight_and_lowers_the_loss(cls, trained):
    found = trained(cls)
    if not found.losses:
        pytest.skip("counts and solvers have nothing to train")
    assert found.losses[-1] < found.losses[0]
    # A user's bias and the global one raise all candidates alike: a softmax cannot move them.
    still = [
        weight.path
        for weight, old, new in zip(found.model.weights, found.before, found.early, strict=True)
        if weight.trainable
        and np.array_equal(old, new)
        and not any(name in weight.path for name in ("user_bias", "global"))
    ]
    assert still == []


def test_the_same_seed_gives_the_same_model(cls, make, fit, checkerboard):
    first, second = (make(cls, checkerboard) for _ in range(2))
    for model in (first, second):
        keras.utils.set_random_seed(1)
        fit(model, checkerboard, run_eagerly=True)
    for one, other in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.usefixtures("without_graphs")
def test_save_and_load(cls, trained, tmp_path):
    model = trained(cls).model
    model.save(tmp_path / "checkpoint")
    again = models.load(tmp_path / "checkpoint")
    assert type(again) is cls
    explain = 0 if isinstance(model, models.JointModel) else 2
    before, after = (m.recommend(users=["1", "2"], k=5, explain=explain) for m in (model, again))
    assert before.equals(after)
    card = (tmp_path / "checkpoint" / "README.md").read_text(encoding="utf-8")
    assert f"`kerasrec_zoo.{cls.__name__}`" in card
    assert "icense" not in card and "](" not in card


@pytest.mark.usefixtures("without_graphs")
def test_keras_opens_its_own_file_of_it(cls, trained, tmp_path):
    model = trained(cls).model
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert type(again) is cls
    before, after = (m.recommend(users=["1", "2"], k=5) for m in (model, again))
    assert before.equals(after)
    np.testing.assert_array_equal(again.histories.items, model.histories.items)
    with pytest.raises(InputError, match="clone_model"):
        keras.models.clone_model(model)


@pytest.mark.export
@pytest.mark.usefixtures("without_graphs")
def test_a_weight_that_is_no_number_is_refused(cls, trained, tmp_path):
    model = trained(cls).model
    weight = [w for w in model.weights if keras.backend.is_float_dtype(w.dtype) and w.shape][-1]
    kept = keras.ops.convert_to_numpy(weight)
    weight.assign(np.full_like(kept, np.nan))
    try:
        for ask in (
            lambda: model.recommend(users=["1"], k=2),
            lambda: model.score(users=["1"], items=["2"]),
            lambda: model.save(tmp_path / "checkpoint"),
            lambda: keras.saving.save_model(model, tmp_path / "model.keras"),
            lambda: export(model, tmp_path / "export" / "1", k=2),
        ):
            with pytest.raises(InputError, match=f"{weight.path} holds NaN or infinity"):
                ask()
    finally:
        weight.assign(kept)


@pytest.mark.export
def test_export_answers_like_python(cls, trained, tmp_path, check_graph):
    if cls not in EXPORTED:
        check_graph(trained(cls).model, k=6)
        return
    # In TensorFlow's C++ loader, 200 requests to each signature, the odd ones among them.
    report = export(trained(cls).model, tmp_path / "model" / "1", k=6)
    # Of searches and profiles the first 60.
    assert {row["requests"] for row in report["signatures"].values()} <= {60, 200}
    assert report["difference"] <= 1e-5
    assert report["foreign"] == []  # each of its operations is on the list
    assert [path.name for path in (tmp_path / "model").iterdir()] == ["1"]


def test_cold_items_are_ranked_by_their_content(cls, trained):
    if "cold_items" not in cls.capabilities:
        pytest.skip("does not declare cold_items")
    answer = trained(cls).model.recommend(users=["4", "7"], k=1, allow=["98", "99"])
    assert answer["item"].tolist() == ["98", "99"]


def test_has_a_card_and_a_config(cls):
    stem = pathlib.Path(inspect.getfile(cls)).stem
    card = (ROOT / "zoo" / f"{stem}.md").read_text(encoding="utf-8")
    matter = yaml.safe_load(card.split("---")[1])
    assert matter["class"] == f"kerasrec_zoo.{cls.__name__}"
    assert matter["license"] == "Apache-2.0"
    assert sorted((ROOT / "configs").rglob(f"{stem}.yaml"))
    for config in matter["configs"]:
        assert (ROOT / config).exists()


def _plain(value):
    return list(value) if isinstance(value, (tuple, list)) else value
