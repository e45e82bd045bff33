import keras
import numpy as np
import pytest
from keras import ops

from kerasrec.errors import InputError
from kerasrec.models import TopK


def answer(k, scores, **limits):
    found = TopK(k)(np.asarray(scores, "float32"), **limits)
    return {name: ops.convert_to_numpy(x).tolist() for name, x in found.items()}


def test_best_first_without_the_reserved_rows():
    found = answer(2, [[9, 9, 1, 3, 2]])
    assert found == {"rows": [[3, 4]], "scores": [[3.0, 2.0]]}


def test_ties_go_to_the_smaller_row():
    assert answer(3, [[0, 0, 5, 5, 5, 5]])["rows"] == [[2, 3, 4]]


def test_excluded_rows_are_removed_and_the_rest_is_padding():
    found = answer(3, [[0, 0, 1, 3, 2]], exclude=np.array([[3, 0, 4]]))
    assert found["rows"] == [[2, 0, 0]]
    assert found["scores"] == [[1.0, float("-inf"), float("-inf")]]


def test_allow_is_exact_and_exclude_wins_over_it():
    scores = [[0, 0, 1, 3, 2], [0, 0, 1, 3, 2]]
    allow = np.array([[2, 4], [4, 0]])
    assert answer(2, scores, allow=allow)["rows"] == [[4, 2], [4, 0]]
    exclude = np.array([[4], [4]])
    assert answer(2, scores, allow=allow, exclude=exclude)["rows"] == [[2, 0], [0, 0]]


def test_only_padding_allows_all_and_only_unknown_items_allow_nothing():
    scores = [[9, 9, 1, 3, 2]] * 4
    allow = np.array([[0, 0], [1, 1], [0, 1], [1, 2]])
    assert answer(2, scores, allow=allow)["rows"] == [[3, 4], [0, 0], [0, 0], [2, 0]]
    assert answer(2, scores, allow=allow, exclude=np.array([[3]] * 4))["rows"][0] == [4, 2]
    assert answer(2, scores, allow=np.zeros((4, 0), int))["rows"] == [[3, 4]] * 4


@pytest.mark.parametrize("columns", [512, 1000, 5000])
@pytest.mark.parametrize("k", [1, 2, 7])
def test_ties_in_many_columns_agree_with_a_stable_sort(columns, k):
    generator = np.random.default_rng(0)
    scores = generator.integers(0, 40, (30, columns)).astype("float32")
    exclude = generator.integers(0, columns, (30, 100))
    masked = scores.copy()
    masked[:, :2] = -np.inf
    np.put_along_axis(masked, exclude, -np.inf, axis=1)
    expected = np.argsort(-masked, axis=1, kind="stable")[:, :k]
    assert answer(k, scores, exclude=exclude)["rows"] == expected.tolist()


def test_few_allowed_rows_of_many():
    exclude = np.arange(2, 600)[None]
    found = answer(2, np.ones((1, 600)), exclude=np.delete(exclude, 400, axis=1))
    assert found == {"rows": [[402, 0]], "scores": [[1.0, float("-inf")]]}


def test_agrees_with_a_full_sort():
    generator = np.random.default_rng(0)
    scores = generator.normal(size=(20, 50)).astype("float32")
    exclude = generator.integers(2, 50, (20, 7))
    masked = scores.copy()
    masked[:, :2] = -np.inf
    np.put_along_axis(masked, exclude, -np.inf, axis=1)
    expected = np.argsort(-masked, axis=1, kind="stable")[:, :10]
    assert answer(10, scores, exclude=exclude)["rows"] == expected.tolist()


def test_is_symbolic():
    scores = keras.Input((6,))
    model = keras.Model(scores, TopK(2)(scores))
    assert model.predict(np.arange(12.0).reshape(2, 6), verbose=0)["rows"].tolist() == [[5, 4]] * 2


def test_refuses_k_of_zero():
    with pytest.raises(InputError, match="k: .* received 0"):
        TopK(0)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16", "float16"])
def test_scores_are_not_rounded_by_the_policy(policy):
    # bfloat16 holds every fourth of these numbers, every eighth above 1024; float16 ends at 65504.
    scores = np.array([[0, 0, 1016, 1019, 1015, 1018, 1017, 70_000]], "float32")
    found = TopK(6, dtype=policy)(scores)
    assert np.array(found["rows"]).tolist() == [[7, 3, 5, 6, 2, 4]]
    assert np.array(found["scores"]).tolist() == [[70_000, 1019, 1018, 1017, 1016, 1015]]
