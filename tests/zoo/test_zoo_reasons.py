"""What every zoo model says its recommendations rest on."""

import numpy as np
import pytest

import kerasrec_zoo
from kerasrec.errors import InputError
from kerasrec.models import JointModel, Retriever
from kerasrec.models.contract.models_of import models_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore:.*no history that the model knows"),
]
MODELS = models_of(kerasrec_zoo)
GIVING = [cls for cls in MODELS if not issubclass(cls, JointModel)]
# The same for every user, or for every item: no history is the reason.
IMPERSONAL = ("DampedMean", "Popularity", "SmoothedMean")
# A score is a sum over the history and nothing else.
EXACT = ("EASE", "ImplicitALS", "ItemKNN", "RandomWalk", "SVD", "UserKNN")

each = pytest.mark.parametrize("cls", GIVING, ids=lambda cls: cls.__name__)


def check_sums(answer, histories):
    """The parts add up to the score, the largest first, and come from the histories alone."""
    for user, score, said in answer[["user", "score", "reasons"]].itertuples(index=False):
        parts = [one["contribution"] for one in said]
        assert np.isfinite(parts).all()
        assert sum(parts) == pytest.approx(score, rel=1e-5, abs=1e-6)
        named = [one for one in said if one["item"] is not None]
        sizes = [abs(one["contribution"]) for one in named]
        assert sizes == sorted(sizes, reverse=True)
        items = [one["item"] for one in named]
        assert len(set(items)) == len(items) and set(items) <= set(histories[user])
        assert all(one["title"] == f"Number {one['item']}" for one in named)


@each
def test_they_add_up_and_come_from_the_history(cls, trained, checkerboard):
    model = trained(cls).model
    users = ["3", "4", "11"]
    ids, taken = checkerboard.items.vocabulary, checkerboard.users.vocabulary.rows(users)
    histories = {u: ids.lookup(model.histories[row]) for u, row in zip(users, taken, strict=True)}
    plain = model.recommend(users=users, k=3)
    answer = model.recommend(users=users, k=3, explain=True)
    shown = ["reasons", "from_behavior", "from_content", "words", "attention"]
    assert answer.drop(columns=shown, errors="ignore").equals(plain)
    if "from_content" in answer:
        parts = answer["from_behavior"] + answer["from_content"]
        np.testing.assert_allclose(parts, answer["score"], atol=1e-6)
    check_sums(answer, histories)
    best = answer.loc[answer["rank"] == 1, "reasons"]
    named = {sum(one["item"] is not None for one in said) for said in best}
    assert named == {0 if cls.__name__ in IMPERSONAL else 3}
    everything = model.recommend(users=users, k=3, explain=99)
    check_sums(everything, histories)
    if cls.__name__ in EXACT:
        left = [one for said in everything["reasons"] for one in said if one["item"] is None]
        assert all(abs(one["contribution"]) < 1e-5 for one in left)


@each
def test_the_reason_is_what_goes_with_the_item(cls, trained):
    """Users like their own parity, so item 4 is shown to user 4 because of an even one."""
    model = trained(cls).model
    if model.predicts_values or cls.__name__ in IMPERSONAL:
        pytest.skip("its ratings know no parity, or it needs no reason")
    answer = model.recommend(
        users=["4"], histories=[["3", "2", "5", "0"]], k=1, allow=["4"], explain=4
    )
    check_sums(answer, {"4": ["3", "2", "5", "0"]})
    (said,) = answer["reasons"]
    best = max((one for one in said if one["item"]), key=lambda one: one["contribution"])
    assert best["item"] in ("0", "2")


@each
def test_histories_are_explained_by_themselves(cls, trained):
    model = trained(cls).model
    if "histories" not in model.capabilities:
        pytest.skip("answers known users only")
    with pytest.warns(UserWarning, match="unknown history item id.*1000"):
        answer = model.recommend(histories=[["1", "1000", "3"], ["6"]], k=2, explain=True)
    check_sums(answer, [["1", "3"], ["6"]])
    if issubclass(cls, Retriever) and cls.__name__ not in IMPERSONAL:
        first = answer.iloc[0]
        for one in first["reasons"][:2]:
            (other,) = {"1", "3"} - {one["item"]}
            lost = first["score"] - model.score(histories=[[other]], items=[first["item"]])[0]
            assert one["contribution"] == pytest.approx(lost, abs=1e-5)
    # Nothing that is known of the past: the score comes from elsewhere.
    with pytest.warns(UserWarning, match="unknown history item id"):
        answer = model.recommend(histories=[["1000"]], k=2, explain=True)
    check_sums(answer, [[]])


@each
def test_a_stranger_is_shown_items_for_no_reason_of_the_past(cls, trained):
    with pytest.warns(UserWarning, match="nobody"):
        answer = trained(cls).model.recommend(users=["nobody"], k=2, explain=True)
    check_sums(answer, {"nobody": []})


@pytest.mark.parametrize("cls", [cls for cls in MODELS if cls not in GIVING])
def test_a_network_refuses(cls, trained):
    with pytest.raises(InputError, match=f"{cls.__name__} cannot say.*leave out explain"):
        trained(cls).model.recommend(users=["3"], k=2, explain=True)


def test_most_models_give_reasons():
    """So that none becomes one that refuses unnoticed."""
    assert {cls.__name__ for cls in MODELS} - {cls.__name__ for cls in GIVING} == {
        "ConvNCF",
        "NeuMF",
    }
