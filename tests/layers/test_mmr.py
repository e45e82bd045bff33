import itertools

import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import MMR

ROWS = np.array([[2, 3, 4, 5, 0]], "int32")
SCORES = np.array([[1.0, 0.9, 0.8, 0.1, -np.inf]], "float32")
# The second is the first again, the third is at 60 degrees, the fourth at 90.
VECTORS = np.array(
    [[[2.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)], [0.0, 3.0], [0.0, 0.0]]], "float32"
)
BRAND = np.array([[2, 2, 3, 3, 0]], "int32")


def test_layer_contract(check_layer):
    check_layer(
        MMR,
        {"k": 3, "weight": 0.6, "max_per": [1]},
        {"rows": ROWS, "scores": SCORES, "features": VECTORS, "groups": [BRAND]},
    )


@pytest.mark.parametrize(
    "weight,expected",
    [
        (0.0, [2, 3, 4, 5]),  # the order of the scores
        # After 2: .45 - .5, .4 - .25, .05 - 0. After 4: 3 is at .45 - .5, 5 at .05 - .433.
        (0.5, [2, 4, 3, 5]),
        # After 2: .09 - .9, .08 - .45, .01 - 0. After 5: 3 is at .09 - .9, 4 at .08 - .9 * .866.
        (0.9, [2, 5, 4, 3]),
    ],
)
def test_by_hand(weight, expected):
    found = MMR(4, weight)(ROWS, SCORES, VECTORS)
    assert np.array(found["rows"]).tolist() == [expected]
    by_row = dict(zip(ROWS[0].tolist(), SCORES[0].tolist(), strict=True))
    assert np.array(found["scores"])[0].tolist() == [by_row[row] for row in expected]


def test_the_first_k_of_a_longer_list_are_the_shorter_list():
    rng = np.random.default_rng(0)
    rows = np.tile(np.arange(2, 42), (3, 1))
    scores, vectors = rng.random((3, 40)), rng.normal(size=(3, 40, 6))
    long = np.array(MMR(20, 0.4)(rows, scores, vectors)["rows"])
    assert np.array(MMR(7, 0.4)(rows, scores, vectors)["rows"]).tolist() == long[:, :7].tolist()
    assert all(len(set(row)) == 20 for row in long.tolist())


def test_equals_a_plain_loop():
    rng = np.random.default_rng(1)
    scores, vectors = rng.random(12), rng.normal(size=(12, 3))
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    chosen = [int(scores.argmax())]
    for _ in range(5):
        rest = [i for i in range(12) if i not in chosen]
        value = {i: 0.7 * scores[i] - 0.3 * max(units[i] @ units[j] for j in chosen) for i in rest}
        chosen.append(max(value, key=value.get))
    found = MMR(6)(np.arange(2, 14)[None], scores[None], vectors[None])
    assert (np.array(found["rows"])[0] - 2).tolist() == chosen


def test_values_of_a_category_stand_for_vectors():
    # After 2 its brand costs .5: 3 is at .45 - .5, 4 at .4. Then both brands are there.
    found = MMR(4, 0.5)(ROWS, SCORES, BRAND)
    assert np.array(found["rows"]).tolist() == [[2, 4, 3, 5]]


def test_caps_hold_within_the_choice():
    for weight, limit in itertools.product((0.0, 0.5, 1.0), (1, 2)):
        layer = MMR(4, weight, max_per=[limit])
        rows = np.array(layer(ROWS, SCORES, VECTORS, groups=[BRAND])["rows"])[0].tolist()
        brands = [int(BRAND[0, row - 2]) for row in rows if row]
        assert sorted(brands) == sorted([2, 3] * limit)
        assert rows[2 * limit :] == [0] * (4 - 2 * limit)


def test_wrong_arguments():
    with pytest.raises(InputError, match="k must be a whole number"):
        MMR(0)
    with pytest.raises(InputError, match="weight: expected a number from 0 to 1, received 1.5"):
        MMR(3, 1.5)
    with pytest.raises(InputError, match="each of max_per must be a whole number"):
        MMR(3, max_per=[0])
