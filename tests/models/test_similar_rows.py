import numpy as np

from kerasrec.models.requests import similar_rows as module
from kerasrec.models.requests.similar_rows import similar_rows

VECTORS = np.array([[9, 9], [9, 9], [1, 0], [2, 1], [0, 3], [0, 0], [5, 0]], "float32")


def test_largest_cosine_first_and_never_oneself():
    rows, scores = similar_rows(VECTORS, np.array([2, 4]), k=3)
    assert rows.tolist() == [[6, 3, 4], [3, 2, 5]]
    np.testing.assert_allclose(scores, [[1, 2 / np.sqrt(5), 0], [1 / np.sqrt(5), 0, 0]], atol=1e-6)


def test_what_is_excluded_or_not_allowed_is_not_found():
    exclude = np.array([[6, 0], [3, 2]])
    rows, _ = similar_rows(VECTORS, np.array([2, 4]), k=2, exclude=exclude)
    assert rows.tolist() == [[3, 4], [5, 6]]
    allow = np.arange(7) == 3
    rows, scores = similar_rows(VECTORS, np.array([2]), k=2, allow=allow)
    assert rows.tolist() == [[3, 0]] and scores[0, 1] == -np.inf


def test_in_parts_and_of_nothing(monkeypatch):
    whole = similar_rows(VECTORS, np.array([2, 3, 4]), k=2)
    monkeypatch.setattr(module, "SCORES_AT_ONCE", 8)
    parts = similar_rows(VECTORS, np.array([2, 3, 4]), k=2)
    for one, other in zip(whole, parts, strict=True):
        np.testing.assert_array_equal(one, other)
    assert similar_rows(VECTORS, np.array([], int), k=2)[0].shape == (0, 2)
