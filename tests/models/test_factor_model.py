import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec.errors import InputError
from kerasrec.models import FactorModel, Factors


class Given(FactorModel):
    """A model with given factors."""

    def __init__(self, schema, factors, dim=2, biases=False):
        super().__init__(schema=schema, dim=dim, biases=biases)
        self.factors = factors

    def find_factors(self, train):
        return self.factors


@pytest.fixture
def train():
    """Users a, b are rows 2, 3; items x, y, z are rows 2, 3, 4; z has no interactions."""
    frame = pd.DataFrame({"user": list("aab"), "item": list("xyx")})
    return Interactions.from_frame(frame, item_frame=pd.DataFrame({"item": list("xyz")}))


def adapted(train, factors, **arguments):
    model = Given(train.schema(), factors, **arguments)
    model.adapt(train)
    return model


USERS = np.array([[9, 9], [1, 1], [1, 0], [0, 2]])
ITEMS = np.array([[9, 9], [3, 5], [1, 2], [3, 4], [7, 7]])


def test_the_score_is_the_dot_product(train):
    model = adapted(train, Factors(USERS, ITEMS))
    assert model.score(users=["a", "b"], items=["y", "x"]).tolist() == [3.0, 4.0]
    answer = model.recommend(users=["b"], k=2, repeats="allow")
    assert answer["item"].tolist() == ["z", "y"]
    assert not model.trainable_weights


@pytest.mark.slow
def test_row_1_is_used_for_unknown_users_and_untrained_items(train):
    model = adapted(train, Factors(USERS, ITEMS))
    with pytest.warns(UserWarning, match="1 unknown user"):
        assert model.score(users=["nobody"], items=["x"]).tolist() == [3.0]
    # z has no train interactions: its own vector is not used.
    assert model.score(users=["a"], items=["z"]).tolist() == [3.0]


def test_padding_scores_zero(train):
    model = adapted(train, Factors(USERS, ITEMS))
    assert model.score_pairs({"user": np.array([0, 2])}, np.array([2, 0])).tolist() == [0.0, 0.0]


def test_biases_are_added(train):
    factors = Factors(USERS, ITEMS, np.array([0, 0, 0.5, 0]), np.array([0, 0, 0, 0.25, 0]), 10.0)
    model = adapted(train, factors, biases=True)
    assert model.score(users=["a", "b"], items=["y", "x"]).tolist() == [13.75, 14.0]


def test_biases_only(train):
    factors = Factors(user_bias=np.array([0, 0, 1, 2]), item_bias=np.arange(5), mean=0.5)
    model = adapted(train, factors, dim=0, biases=True)
    assert model.score(users=["a", "b"], items=["x", "y"]).tolist() == [3.5, 5.5]
    assert model.user_vectors is None
    shapes = sorted(tuple(weight.shape) for weight in model.dot_product.weights)
    assert shapes == [(), (4, 1), (5, 1)]


def test_missing_biases_are_zeros(train):
    model = adapted(train, Factors(USERS, ITEMS, mean=1.0), biases=True)
    assert model.score(users=["a"], items=["y"]).tolist() == [4.0]


@pytest.mark.parametrize("bad", [np.nan, np.inf, 1e300])
def test_a_solution_that_is_not_finite_is_refused(train, bad):
    users = USERS.astype("float64")
    users[3, 1] = bad
    with pytest.raises(InputError, match="Given finds no finite solution"):
        adapted(train, Factors(users, ITEMS))


def test_factors_of_a_wrong_shape_are_refused(train):
    with pytest.raises(InputError, match=r"expected \(5, 2\) for .*, received \(2, 5\)"):
        adapted(train, Factors(USERS, ITEMS.T))


def test_predicts_values_is_false_by_default(train):
    assert not Given(train.schema(), None).predicts_values
