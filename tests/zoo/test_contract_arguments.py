"""A value of a wrong type is named before anything is built with it, in every zoo model."""

import inspect

import numpy as np
import pytest

import kerasrec_zoo
from kerasrec.data.schema import Schema
from kerasrec.errors import InputError
from kerasrec.models.contract.models_of import models_of

MODELS = [*models_of(kerasrec_zoo), *models_of(kerasrec_zoo, rankers=True)]
TYPED = [
    (cls, parameter.name, parameter.default)
    for cls in MODELS
    for parameter in inspect.signature(cls).parameters.values()
    if isinstance(parameter.default, (int, float, tuple))
]
SCHEMA = Schema(num_users=5, num_items=6)

typed = pytest.mark.parametrize(
    "cls,name,default", TYPED, ids=[f"{cls.__name__}-{name}" for cls, name, _ in TYPED]
)


@typed
@pytest.mark.parametrize("value", ["high", None, float("nan")], ids=str)
def test_a_wrong_type_is_named(cls, name, default, value):
    with pytest.raises(InputError, match=f"^{cls.__name__}: {name}: expected .*, got {value!r}$"):
        cls(SCHEMA, **{name: value})


def test_numbers_of_numpy_are_numbers():
    model = kerasrec_zoo.EASE(SCHEMA, l2=np.float32(2.0), num_neighbours=np.int64(3))
    assert model.l2 == 2.0 and model.num_neighbours == 3
    assert kerasrec_zoo.MatrixFactorization(SCHEMA, dim=np.int32(4), biases=np.True_).dim == 4


def test_halves_truth_values_and_what_a_list_holds_are_named():
    with pytest.raises(
        InputError, match="^SVD: rank: expected a whole number, such as 50, got 2.5"
    ):
        kerasrec_zoo.SVD(SCHEMA, rank=2.5)
    with pytest.raises(InputError, match="^SVD: rank: expected a whole number.*, got True"):
        kerasrec_zoo.SVD(SCHEMA, rank=True)
    with pytest.raises(InputError, match=r"^NextItNet: dilations: expected a list such as \[1, 4"):
        kerasrec_zoo.NextItNet(SCHEMA, dilations=("one",))
