import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import RowList
from kerasrec.tables.rows import row_values_bound


def test_layer_contract(check_layer):
    x = np.zeros((3, 2), "float32")
    check_layer(RowList, {"length": 2, "num_rows": 5}, {"x": x})


def test_rows_of_each_query():
    rows = RowList(2, num_rows=9)
    rows.assign([7, 3])
    assert np.array(rows(np.zeros((2, 5)))).tolist() == [[7, 3], [7, 3]]
    assert not rows.trainable_weights and row_values_bound(rows.rows) == 9


def test_wrong_rows():
    with pytest.raises(InputError, match="rows: expected 2, received the shape"):
        RowList(2, num_rows=9).assign([7])
    with pytest.raises(InputError, match="rows: expected 0 to 8, received 3 to 9"):
        RowList(2, num_rows=9).assign([9, 3])
