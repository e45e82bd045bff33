"""Every zoo model that reads the features of users reads those that a request brings."""

import inspect

import numpy as np
import pytest

import kerasrec_zoo
from kerasrec.data.datasets import FilmShop
from kerasrec.data.vocabulary import FIRST, UNKNOWN
from kerasrec.errors import InputError
from kerasrec.models.contract.every_kind import every_kind
from kerasrec.models.contract.models_of import models_of

MODELS = models_of(kerasrec_zoo)
RANKERS = models_of(kerasrec_zoo, rankers=True)
READ_BY = ("user_features", "features")
SMALL = {"dim": 8, "mlp": (8,), "bottom": (8,), "top": (8,), "first": (8,), "second": (8,)}
SMALL |= {"gate": (4,), "num_heads": 2, "attention_dim": 4, "attention": (8,), "expert": (8,)}
SMALL |= {"tower": (8,)}
# Tables of ids alone; with the features of users each would be another model.
IDS_ALONE = {
    "AttributeToFactor", "AutoRec", "BayesianMF", "ContentKNN", "ConvNCF", "DampedMean", "EASE",
    "ImplicitALS", "ItemKNN", "LightGCN", "Macau", "Markov", "MatrixFactorization", "MultVAE",
    "NMF", "Popularity", "RandomWalk", "SVD", "Seq2Seq", "SmoothedMean", "SocialMF", "UserKNN",
}  # fmt: skip

pytestmark = [
    pytest.mark.slow,
    pytest.mark.usefixtures("without_graphs"),
    pytest.mark.filterwarnings("ignore:.*(unknown user id|history that|not given)"),
]


@pytest.fixture(scope="module")
def full():
    return every_kind()


@pytest.fixture(scope="module")
def impressions():
    return FilmShop(users=30, items=30, requests=6).impressions(("click", "purchase"))


def without_zeros(model):
    """What starts at zero would hide what comes before it."""
    for weight in model.trainable_weights:
        if not np.any(weight):
            weight.assign(np.random.default_rng(0).normal(size=weight.shape, scale=0.3))
    return model


@pytest.mark.parametrize("cls", MODELS, ids=lambda cls: cls.__name__)
def test_somebody_never_seen_is_answered_by_the_features_given(cls, make, full):
    names = inspect.signature(cls).parameters
    given = {name: True for name in READ_BY if name in names}
    assert (cls.__name__ in IDS_ALONE) == (not given and not make(cls, full).profile_inputs)
    if cls.__name__ in IDS_ALONE:
        model = make(cls, full, **({"epochs": 1} if "epochs" in names else {}))
        with pytest.raises(InputError, match=f"{cls.__name__} reads no feature 'city' of a user"):
            model.recommend(user_features={"city": "a"})
        return
    model = without_zeros(make(cls, full, **given))
    asked = {"k": 14, "repeats": "allow", "user_features": {"city": ["a", "b", "c", "a"]}}
    answer = model.recommend(["nobody", "", None, "?"], **asked)
    one, other, third, again = answer["score"].to_numpy().reshape(4, 14)
    assert np.abs(one - other).max() > 1e-5 and np.abs(one - third).max() > 1e-5
    np.testing.assert_allclose(one, again, atol=1e-6)
    alone = model.recommend(**asked)
    np.testing.assert_allclose(alone["score"], answer["score"], atol=1e-6)
    # A stored user with the features of the table gets what the table gives.
    user = full.users.vocabulary.ids[0]
    city = full.users.encoders["city"].vocabulary.lookup(full.users.columns["city"][[FIRST]])[0]
    items = full.items.vocabulary.ids[:5].tolist()
    stored = model.score([user] * 5, items=items)
    same = model.score([user] * 5, items=items, user_features={"city": str(city)})
    np.testing.assert_allclose(same, stored, atol=1e-5)
    cities = [one for one in "abc" if one != city]
    changed = model.score([user] * 5, items=items, user_features={"city": cities[0]})
    assert np.abs(changed - stored).max() > 1e-5


@pytest.mark.parametrize("cls", RANKERS, ids=lambda cls: cls.__name__)
def test_a_ranker_reads_the_features_given(cls, impressions):
    names = inspect.signature(cls).parameters
    small = {name: SMALL[name] for name in names if name in SMALL}
    model = cls(impressions.schema(history_length=4), **small)
    model.adapt(impressions)
    without_zeros(model)
    assert model.profile_inputs
    rows = np.array([FIRST, FIRST + 1])
    items = np.array([FIRST, FIRST], "int32")
    stored = {name: np.asarray(x)[rows] for name, x in impressions.users.columns.items()}
    part = impressions.select(slice(0, 2))
    asked = model.inputs_of(part)
    known = model.score_pairs({**asked, "user": rows}, items)
    given = {f"user.{name}": x for name, x in stored.items()}
    np.testing.assert_allclose(
        model.score_pairs({**asked, "user": rows, **given}, items), known, rtol=1e-5
    )
    stranger = {**asked, "user": np.full(2, UNKNOWN, "int32")}
    swapped = {name: x[::-1] for name, x in given.items()}
    one, other = (model.score_pairs({**stranger, **x}, items) for x in (given, swapped))
    assert np.abs(one - other).max() > 1e-6
    if model.feature_groups:
        _, _, parts = model.group_contributions({**stranger, **given}, items)
        user = model.feature_groups.index("user")
        assert np.abs(np.asarray(parts)[:, user]).max() > 1e-6
