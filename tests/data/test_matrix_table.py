import numpy as np
import pandas as pd
import pytest
import scipy.sparse

from kerasrec.data import Catalog, Interactions, Vocabulary
from kerasrec.errors import InputError

R = np.array([[5.0, 0.0, 1.0], [0.0, 0.0, 0.0], [0.0, 4.0, 2.0]])


def rows(data):
    users = data.users.vocabulary.lookup(data.user).tolist()
    items = data.items.vocabulary.lookup(data.item).tolist()
    return list(zip(users, items, data.value.tolist(), strict=True))


@pytest.mark.parametrize(
    "matrix",
    [
        R,
        R.astype("int64"),
        R.tolist(),
        scipy.sparse.csr_matrix(R),
        scipy.sparse.csc_array(R),
        scipy.sparse.coo_matrix(R),
    ],
    ids=["array", "integers", "lists", "csr", "csc", "coo"],
)
def test_cells_with_a_value(matrix):
    data = Interactions.from_matrix(matrix)
    assert rows(data) == [("0", "0", 5), ("0", "2", 1), ("2", "1", 4), ("2", "2", 2)]
    # The second user has no value, and a row all the same: row i of R is row i + 2.
    assert data.users.vocabulary.ids.tolist() == data.items.vocabulary.ids.tolist() == list("012")
    again = np.zeros((5, 5))
    again[data.user, data.item] = data.value
    np.testing.assert_array_equal(again[2:, 2:], R)
    assert "random" in data.report.notes[-1]


def test_the_index_and_the_columns_of_a_frame_are_ids():
    frame = pd.DataFrame(R, index=[7, 8, 9], columns=["tea", "rye", "jam"])
    data = Interactions.from_matrix(frame)
    assert rows(data)[0] == ("7", "tea", 5)
    assert data.users.vocabulary.ids.tolist() == ["7", "8", "9"]
    with pytest.raises(InputError, match="index of a DataFrame has the users"):
        Interactions.from_matrix(frame, users=[1, 2, 3])
    long = pd.DataFrame({"user": [7, 9], "item": ["tea", "rye"], "value": [5, 4]})
    pivoted = long.pivot(index="user", columns="item", values="value")
    assert sorted(rows(Interactions.from_matrix(pivoted))) == [("7", "tea", 5), ("9", "rye", 4)]


def test_zeros_as_data():
    matrix = R.copy()
    matrix[1] = np.nan
    data = Interactions.from_matrix(matrix, zeros="data")
    assert len(data) == 6
    assert rows(data)[1] == ("0", "1", 0)
    # Of a sparse matrix a zero counts where it is stored; entries of a cell add up.
    stored = scipy.sparse.coo_matrix(([0.0, 2.0, 3.0, np.nan], ([0, 1, 1, 0], [1, 0, 0, 0])))
    assert rows(Interactions.from_matrix(stored, zeros="data")) == [("0", "1", 0), ("1", "0", 5)]
    assert rows(Interactions.from_matrix(stored)) == [("1", "0", 5)]
    assert stored.nnz == 4


def test_entries_of_a_cell_add_up_beyond_their_dtype():
    places = [0, 0, 1], [0, 0, 1]
    stars = scipy.sparse.coo_matrix((np.array([200, 100, 3], "uint8"), places))
    assert rows(Interactions.from_matrix(stars)) == [("0", "0", 300), ("1", "1", 3)]
    # Of booleans the sum is whether one of them is true.
    took = scipy.sparse.coo_matrix((np.array([True, True, True]), places))
    assert rows(Interactions.from_matrix(took)) == [("0", "0", 1), ("1", "1", 1)]


def test_ids_and_catalogs():
    titles = pd.DataFrame({"item": ["jam", "tea"], "name": ["Jam", "Tea"]})
    data = Interactions.from_matrix(
        R, users=["a", "b", "c"], items=["tea", "rye", "jam"], item_frame=titles, item_title="name"
    )
    assert data.items.title_of(data.item).tolist() == ["Tea", "Jam", "rye", "Jam"]
    assert data.users.vocabulary.ids.tolist() == ["a", "b", "c"]
    base = (Catalog(Vocabulary(["z"])), Catalog(Vocabulary(["y"])))
    data = Interactions.from_matrix(R, base=base)
    assert data.users.vocabulary.ids.tolist() == ["z", "0", "2", "1"]
    assert rows(data)[0] == ("0", "0", 5)


@pytest.mark.parametrize(
    "matrix, options, message",
    [
        ([[1, -2], [0, 1]], {}, "user '0', item '1': -2 is no value of a matrix: expected 0 or"),
        ([[1, np.inf], [0, 1]], {}, "inf is no value"),
        ([[1, 2], [0, 1]], {"items": ["a"]}, "2 columns need 2 ids of items, got 1"),
        ([[1, 2], [0, 1]], {"items": ["a", "b", "c"]}, "2 columns need 2 ids of items, got 3"),
        ([[1, 2], [0, 1]], {"users": "ab"}, "2 rows need 2 ids of users, got 'ab'"),
        ([[1, 2], [0, 1]], {"users": ["a", "a"]}, "two rows have the user 'a'"),
        ([[1, 2], [0, 1]], {"users": ["a", None]}, "the user is missing"),
        ([[1, 2], [0, 1]], {"zeros": "keep"}, '"missing" or "data", got \'keep\''),
        ([1, 2], {}, r"expected a matrix \(users, items\), got the shape \(2,\)"),
        ([[1, "x"], [0, 1]], {}, "a matrix holds numbers"),
        ([[1, 2], [3]], {}, "a matrix holds numbers"),
        ([[1, 1j], [0, 1]], {}, "a matrix holds numbers"),
        (np.array([[1, 1j], [0, 1]]), {}, "a matrix holds numbers, got complex ones"),
        ([[0, 0], [0, np.nan]], {}, "no cell has a value"),
        ([[1, 2]], {}, "'0' is the only user"),
    ],
)
def test_bad_input(matrix, options, message):
    with pytest.raises(InputError, match=message):
        Interactions.from_matrix(matrix, **options)


@pytest.mark.parametrize("zeros", ["missing", "data"])
def test_masked_and_nullable_cells_have_no_value(zeros):
    expected = [("0", "0", 1.0), ("1", "0", 3.0), ("1", "1", 4.0)]
    masked = np.ma.masked_array([[1, 2], [3, 4]], mask=[[False, True], [False, False]])
    frame = pd.DataFrame({n: pd.array(v, "Int64") for n, v in (("0", [1, 3]), ("1", [None, 4]))})
    for matrix in (masked, frame):
        assert rows(Interactions.from_matrix(matrix, zeros=zeros)) == expected
