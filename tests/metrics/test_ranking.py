import numpy as np
import pytest
from sklearn.metrics import (
    average_precision_score,
    label_ranking_average_precision_score,
    ndcg_score,
    precision_score,
    recall_score,
    top_k_accuracy_score,
)

from kerasrec.errors import InputError
from kerasrec.metrics import RANKING, average_precision, hit_rate, mrr, ndcg, precision, recall


@pytest.fixture
def ranked():
    """Relevance (50, 30) of items, scores of them, and the hits in order of score."""
    rng = np.random.default_rng(0)
    relevant = rng.random((50, 30)) < 0.2
    relevant[:, 0] = True
    scores = rng.permuted(np.tile(np.arange(30.0), (50, 1)), axis=1)
    hits = np.take_along_axis(relevant, np.argsort(-scores, axis=1), axis=1)
    return relevant, scores, hits


@pytest.mark.parametrize("k", [1, 7, 30])
def test_ndcg_is_that_of_scikit_learn(ranked, k):
    relevant, scores, hits = ranked
    expected = [ndcg_score([r], [s], k=k) for r, s in zip(relevant, scores, strict=True)]
    np.testing.assert_allclose(ndcg(hits, relevant.sum(axis=1), k), expected)


@pytest.mark.parametrize("k", [1, 7, 30])
def test_recall_and_precision_are_those_of_scikit_learn(ranked, k):
    relevant, scores, hits = ranked
    shown = scores >= 30 - k
    n = relevant.sum(axis=1)
    expected = recall_score(relevant, shown, average="samples", zero_division=0)
    assert recall(hits, n, k).mean() == pytest.approx(expected)
    expected = precision_score(relevant, shown, average="samples", zero_division=0)
    assert precision(hits, n, k).mean() == pytest.approx(expected)


def test_average_precision_over_the_catalogue_is_that_of_scikit_learn(ranked):
    relevant, scores, hits = ranked
    found = average_precision(hits, relevant.sum(axis=1), 30)
    expected = [average_precision_score(r, s) for r, s in zip(relevant, scores, strict=True)]
    np.testing.assert_allclose(found, expected)
    assert found.mean() == pytest.approx(label_ranking_average_precision_score(relevant, scores))


def test_one_relevant_item_each(ranked):
    _, scores, _ = ranked
    target = np.random.default_rng(1).integers(0, 30, 50)
    only = np.eye(30, dtype=bool)[target]
    hits = np.take_along_axis(only, np.argsort(-scores, axis=1), axis=1)
    one = np.ones(50, dtype=int)
    expected = label_ranking_average_precision_score(only, scores)
    assert mrr(hits, one, 30).mean() == pytest.approx(expected)
    expected = top_k_accuracy_score(target, scores, k=5, labels=np.arange(30))
    for metric in (hit_rate, recall):
        assert metric(hits, one, 5).mean() == pytest.approx(expected)


def test_worked_by_hand():
    # ranks 2 and 4 hit, five items are relevant
    hits, n = [[False, True, False, True, False]], [5]
    worked = {
        "recall": 2 / 5,
        "precision": 2 / 4,
        "hit_rate": 1.0,
        "ndcg": (1 / np.log2(3) + 1 / np.log2(5)) / sum(1 / np.log2([2, 3, 4, 5])),
        "mrr": 1 / 2,
        "map": (1 / 2 + 2 / 4) / 4,
    }
    assert set(worked) == set(RANKING)
    for name, value in worked.items():
        assert RANKING[name](hits, n, 4) == pytest.approx([value]), name


@pytest.mark.parametrize("name", RANKING)
def test_bounds(name, ranked):
    _, _, hits = ranked
    metric = RANKING[name]
    assert metric(np.zeros((2, 5), bool), [0, 3], 5).tolist() == [0.0, 0.0]
    perfect = np.arange(5) < np.array([[2], [5]])
    values = metric(perfect, [2, 5], 5)
    assert values.tolist() == ([0.4, 1.0] if name == "precision" else [1.0, 1.0])
    values = metric(hits, hits.sum(axis=1), 10)
    assert values.dtype == "float64" and values.shape == (50,)
    assert (0 <= values).all() and (values <= 1).all()
    # what comes after rank k does not matter
    changed = hits.copy()
    changed[:, 10:] = False
    np.testing.assert_array_equal(metric(changed, hits.sum(axis=1), 10), values)


@pytest.mark.parametrize("k", [0, 6])
def test_k_outside_the_list(k):
    with pytest.raises(InputError, match=f"1 to 5, the length of the list, received {k}"):
        recall(np.zeros((2, 5), bool), [1, 1], k)


def test_shapes_that_do_not_fit():
    with pytest.raises(InputError, match=r"\(2, 5\) and \(3,\)"):
        ndcg(np.zeros((2, 5), bool), [1, 1, 1], 5)
