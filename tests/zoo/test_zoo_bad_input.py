"""Data at the edge of what a model can be fitted to: whoever asks is answered with numbers."""

import inspect

import numpy as np
import pandas as pd
import pytest

import kerasrec_zoo
from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.models import FactorModel, JointModel, NeighbourModel
from kerasrec.models.contract.models_of import models_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("without_graphs"),
    pytest.mark.filterwarnings("ignore:.*no history that the model knows"),
]
MODELS = models_of(kerasrec_zoo)
MODELS.remove(kerasrec_zoo.Popularity)
# What makes a model estimate ratings.
PAIR, TASK = {"candidates": "pair"}, {"task": "rating"}
RATINGS = {"AutoRec": {}, "DampedMean": {}, "NMF": {"implicit": False}, "SVD": {"centred": True}}
RATINGS |= {"ItemKNN": TASK, "UserKNN": TASK, "ConvNCF": PAIR, "MatrixFactorization": PAIR}
RATINGS |= {"NeuMF": PAIR, "SocialMF": PAIR, "BayesianMF": {}, "Macau": {}}
FORMS = [pytest.param(cls, {}, id=cls.__name__) for cls in MODELS]
FORMS += [
    pytest.param(getattr(kerasrec_zoo, name), given, id=f"{name}-ratings")
    for name, given in RATINGS.items()
    if given
]
SOLVED = [form for form in FORMS if issubclass(form.values[0], (FactorModel, NeighbourModel))]
# Larger than anything there is to count.
LARGE = {"dim": 32, "hidden_dim": 32, "rank": 32, "filters": (4,) * 5}
LARGE |= {"num_neighbours": 1000, "num_ratings": 1000, "num_friends": 1000, "l2": 0.01}
# What of a model's scores is known without fitting it.
COUNTING = ("EASE", "ItemKNN", "SVD", "UserKNN")
AT_THE_MEAN = ("AutoRec", "DampedMean", "ItemKNN", "SVD", "UserKNN")

forms = pytest.mark.parametrize("cls,given", FORMS)


def data(pairs, values=1.0):
    """Interactions, and beside them a user and an item of whom there are none.

    The friends that the user names, and some of another one's, are nobody. One item has no text.
    """
    frame = pd.DataFrame(pairs, columns=["user", "item"])
    items = pd.DataFrame({"item": [*frame["item"].unique(), "dust"], "text": "red fire"})
    items.loc[0, "text"] = None
    return Interactions.from_frame(
        frame.assign(value=values),
        user_frame=pd.DataFrame(
            {"user": ["hermit", "a1", "b1"], "friends": ["ghost|phantom", "a2|ghost", ""]}
        ),
        user_features={"friends": {"kind": "users"}},
        item_frame=items,
        item_features={"text": {"kind": "text", "length": 3}},
    )


def apart():
    """Two groups of three users and four items that share nothing."""
    taken = ["1 1", "1 2", "2 2", "2 3", "3 3", "3 1", "3 4"]
    pairs = [pair.split() for pair in taken]
    return [(f"{group}{user}", f"{group}-{item}") for group in "ab" for user, item in pairs]


@pytest.fixture
def adapted(make, fit):
    def adapted(cls, train, given, **large):
        names = inspect.signature(cls).parameters
        large = {name: value for name, value in large.items() if name in names}
        model = make(cls, train, **{**large, **given})
        fit(model, train, epochs=2, run_eagerly=True)
        return model

    return adapted


def scores(model, train):
    """The score of every item for every user, by one request for the whole catalogue."""
    users, items = train.users.vocabulary.ids, train.items.vocabulary.ids
    answer = model.recommend(users=list(users), k=len(items), repeats="allow")
    table = answer.pivot(index="user", columns="item", values="score").loc[users, items]
    assert np.isfinite(table.to_numpy()).all()
    if not isinstance(model, JointModel) and not ratings_of_others(model):
        explained = model.recommend(users=list(users), k=2, explain=True)
        for score, said in zip(explained["score"], explained["reasons"], strict=True):
            assert sum(r["contribution"] for r in said) == pytest.approx(score, rel=1e-4, abs=1e-5)
    return table


def ratings_of_others(model):
    return getattr(model, "task", None) == "rating" and "user" in model.query_inputs


@forms
def test_parts_that_share_nothing_and_who_took_part_in_nothing(cls, given, adapted):
    train = data(apart(), [1.0, 2.0, 3.0, 4.0, 5.0, 2.0, 4.0] * 2)
    table = scores(adapted(cls, train, given, **LARGE), train)
    assert table.shape == (7, 9)
    if cls.__name__ in COUNTING and not given:
        for group, other in ("ab", "ba"):
            own = table[[name for name in table if name.startswith(group)]]
            assert np.abs(own.loc[[f"{other}{n}" for n in (1, 2, 3)]].to_numpy()).max() < 1e-6
            assert own.loc[f"{group}1"].max() > 0.01


@forms
def test_everybody_took_everything(cls, given, adapted):
    value = 3.5 if cls.__name__ in RATINGS and given == RATINGS[cls.__name__] else 1.0
    train = data([(f"a{u}", f"i{i}") for u in range(4) for i in range(5)], value)
    model = adapted(cls, train, given)
    table = scores(model, train).filter(like="i").loc[[f"a{u}" for u in range(4)]]
    if value == 1.0 and cls.__name__ in COUNTING:
        assert np.ptp(table.to_numpy()) < 1e-5
    if value != 1.0 and cls.__name__ in AT_THE_MEAN:
        np.testing.assert_allclose(table, value, atol=1e-4)
    # Nothing is left to recommend but what nobody took.
    left = model.recommend(users=["a0", "a1"], k=6, allow=[f"i{i}" for i in range(5)])
    assert len(left) == 0
    assert model.recommend(users=["a1"], k=6)["item"].tolist() == ["dust"]


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
def test_no_interaction_at_all_is_refused(cls, make):
    with pytest.raises(InputError, match=f"{cls.__name__}.adapt: expected interactions.*got none"):
        make(cls, data(apart()).select(slice(0, 0)))


@pytest.mark.parametrize("cls,given", SOLVED)
def test_a_single_interaction_is_enough(cls, given, adapted):
    train = data(apart()).select([0])
    assert scores(adapted(cls, train, given), train).shape == (7, 9)
