import datetime

import numpy as np
import pandas as pd
import pytest

from kerasrec.data.context_values import absent_notes, check_names, context_values
from kerasrec.errors import InputError

DAY = datetime.datetime(2024, 1, 1)


@pytest.mark.parametrize("one", ["ab", 9, 9.5, None, DAY, pd.NaT, np.float32(2), np.array("x")])
def test_one_value_holds_for_all(one):
    (value, again) = context_values({"hour": one}, 2)["hour"]
    assert value is again or value == again
    assert one is value or value == one


@pytest.mark.parametrize(
    "values", [[1, 2], (1, 2), np.array([1, 2]), pd.Series([1, 2], index=[7, 8]), range(1, 3)]
)
def test_a_list_has_a_value_for_each(values):
    assert context_values({"hour": values}, 2) == {"hour": [1, 2]}


def test_the_outer_list_is_that_of_the_requests():
    assert context_values({"tags": ["a", "b"]}, 2) == {"tags": ["a", "b"]}
    assert context_values({"tags": [["a", "b"]] * 2}, 2) == {"tags": [["a", "b"], ["a", "b"]]}
    assert context_values({"tags": [["a", "b"]]}, 1) == {"tags": [["a", "b"]]}
    for size in (1, 3):
        with pytest.raises(InputError, match=rf"for all requests is written ..\.\.\... . {size}$"):
            context_values({"tags": ["a", "b"]}, size)


def test_a_frame_has_a_row_for_each():
    frame = pd.DataFrame({"hour": ["9", "10"], "price": [1.5, 2]})
    assert context_values(frame, 2) == {"hour": ["9", "10"], "price": [1.5, 2.0]}


def test_wrong_contexts_are_refused():
    with pytest.raises(InputError, match="context: hour: expected a value for each of 2 requests"):
        context_values({"hour": [1, 2, 3]}, 2)
    with pytest.raises(InputError, match="context: expected a dict of lists by feature"):
        context_values(["hour"], 1)
    with pytest.raises(InputError, match="context: it reads no feature 'a' .*; it reads b, c$"):
        check_names(["b", "a"], ["b", "c"], "it")
    with pytest.raises(InputError, match="it reads none"):
        check_names(["a"], [], "it")


def test_absent_features_are_one_sentence():
    assert absent_notes({"b"}, ["b"]) == []
    assert absent_notes([], []) == []
