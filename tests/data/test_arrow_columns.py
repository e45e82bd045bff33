import pandas as pd
import pyarrow
import pytest

from kerasrec.data.arrow_columns import arrow_frame, categorical, concatenated, dictionary


@pytest.mark.parametrize(
    "kind",
    [
        pyarrow.string(),
        pyarrow.large_string(),
        pyarrow.string_view(),
        pyarrow.dictionary(pyarrow.int8(), pyarrow.string()),
    ],
    ids=str,
)
def test_texts_are_kept_once_in_the_order_of_their_first_appearance(kind):
    texts = pyarrow.chunked_array([["c", "a", None], ["b", "a"]], pyarrow.string())
    try:
        texts = texts.dictionary_encode() if pyarrow.types.is_dictionary(kind) else texts.cast(kind)
    except pyarrow.ArrowNotImplementedError:
        pytest.skip(f"this pyarrow makes no {kind}")
    found = categorical([dictionary(texts), dictionary(texts)])
    assert found.categories.tolist() == ["c", "a", "b"]
    assert found.codes.tolist() == [0, 1, -1, 2, 1] * 2


def test_no_rows_and_no_chunks():
    for column in (
        pyarrow.chunked_array([], pyarrow.string()),
        pyarrow.chunked_array([[]], pyarrow.string()),
    ):
        assert len(categorical([dictionary(column)])) == 0


def test_only_ids_are_encoded():
    table = pyarrow.table({"user": ["a", "b"], "note": ["x", "y"], "n": [1, 2]})
    frame = arrow_frame(table, ids=["user", "n"])
    assert list(frame) == ["user", "note", "n"]
    assert isinstance(frame["user"].dtype, pd.CategoricalDtype)
    assert not isinstance(frame["note"].dtype, pd.CategoricalDtype)
    assert frame["n"].dtype == "int64"


def test_encoded_parts_stay_encoded():
    parts = [pd.DataFrame({"user": pd.Categorical(texts), "n": 1}) for texts in (["b"], ["a", "b"])]
    frame = concatenated(parts)
    assert frame["user"].tolist() == ["b", "a", "b"] and frame["n"].tolist() == [1] * 3
    assert frame["user"].cat.categories.tolist() == ["b", "a"]
