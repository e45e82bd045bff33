import numpy as np
import pytest

from kerasrec.data import load
from kerasrec.errors import InputError
from kerasrec.layers.neighbour_scores import NeighbourScores
from kerasrec.models import NeighbourModel
from kerasrec.models.neighbours import neighbour_model


class Doubles(NeighbourModel):
    """Item i is the only neighbour of item 2 i, with weight i."""

    def __init__(self, schema, name=None):
        super().__init__(schema=schema, scores=NeighbourScores(schema.num_items, 1), name=name)

    def find_neighbours(self, train):
        rows = np.arange(self.schema.num_items)
        half = np.where(rows % 2, 0, rows // 2)
        return half[:, None], half[:, None]


@pytest.fixture(scope="module")
def model():
    train = load("synthetic", users=30, items=100)
    model = Doubles(train.schema(history_length=6))
    model.adapt(train)
    return model


def test_scores_of_pairs_equal_those_of_all_items(model, monkeypatch):
    rng = np.random.default_rng(0)
    history, items = rng.integers(0, 102, (11, 6)).astype("int32"), rng.integers(0, 102, 11)
    halves = history // 2 * (history % 2 == 0)
    right = (halves * (halves == items[:, None])).sum(axis=1)
    found = model.score_pairs({"history": history}, items)
    np.testing.assert_allclose(found, right)
    monkeypatch.setattr(neighbour_model, "MAX_PAIRS", 3)
    np.testing.assert_array_equal(model.score_pairs({"history": history}, items), found)


@pytest.mark.parametrize("width", [1, 2, 5, 40])
def test_padding_of_a_history_changes_nothing(model, width):
    history = np.zeros((3, width), "int32")
    history[1, width // 2] = 8
    scores = model.encode_queries({"history": history})
    assert scores[1, 4] == 4 and scores[1].sum() == 4
    # An empty history gets the popular items.
    popular = np.log1p(load("synthetic", users=30, items=100).item_counts())
    np.testing.assert_allclose(scores[[0, 2]], [popular, popular], rtol=1e-6)
    empty = model.encode_queries({"history": np.zeros((2, width), "int32")})
    np.testing.assert_array_equal(empty, scores[[0, 2]])


def test_histories_are_trimmed_to_a_power_of_two():
    history = np.zeros((3, 40), "int32")
    widths = []
    for last in (None, 0, 1, 2, 4, 31, 32, 39):
        if last is not None:
            history[1, last] = 5
        trimmed = neighbour_model._trim_history({"history": history, "user": 1})["history"]
        widths.append(trimmed.shape[1])
        assert trimmed.sum() == history.sum()
    assert widths == [1, 1, 2, 4, 8, 32, 40, 40]


def test_query_size_is_the_larger_of_items_and_lookups(model):
    train = load("synthetic", users=30, items=100)
    assert model.query_size == 102
    assert Doubles(train.schema(history_length=300)).query_size == 300


def test_reasons_are_the_weights_of_the_history(model):
    ids = model.items.vocabulary.ids
    first, second = ids[8 - 2], ids[20 - 2]
    answer = model.recommend(histories=[[first, second]], k=1, explain=True)
    (reasons,) = answer["reasons"]
    assert answer["item"].tolist() == [ids[10 - 2]]
    assert [(r["item"], r["contribution"]) for r in reasons] == [(second, 10.0)]


def test_a_table_that_is_not_finite_is_refused_at_adapt(model, monkeypatch):
    table = np.full((model.schema.num_items, 1), np.inf)
    monkeypatch.setattr(model, "find_neighbours", lambda train: (np.zeros_like(table), table))
    with pytest.raises(InputError, match="Doubles finds no finite table"):
        model.adapt(load("synthetic", users=30, items=100))
