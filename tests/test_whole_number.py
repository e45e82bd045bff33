import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.whole_number import whole_number


@pytest.mark.parametrize("given", [3, np.int8(3), np.uint64(3), np.array(3)], ids=repr)
def test_whole_numbers_of_any_kind(given):
    found = whole_number(given, "k", 1, 3)
    assert found == 3 and type(found) is int


@pytest.mark.parametrize(
    "wrong", [0, -1, 4, 3.0, 2.5, "3", True, np.True_, np.float32(3), None, [3], np.array([3])],
    ids=repr,
)  # fmt: skip
def test_anything_else_is_refused_by_one_sentence(wrong):
    with pytest.raises(InputError, match="^k must be a whole number between 1 and at most 3: got "):
        whole_number(wrong, "k", 1, 3, "at most ")
