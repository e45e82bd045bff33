import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.models.solve_positive import solve_positive


def test_solves_each_system_of_a_stack():
    random = np.random.default_rng(0)
    factors = random.normal(size=(5, 7, 7))
    systems = factors @ factors.transpose(0, 2, 1) + np.eye(7)
    right = random.normal(size=(5, 7))
    found = solve_positive(systems.astype("float32"), right.astype("float32"))
    np.testing.assert_allclose(found, np.linalg.solve(systems, right[..., None])[..., 0], atol=1e-4)


def test_an_indefinite_system_has_the_solution_of_least_norm_and_its_neighbours_their_own():
    # x + y = 4 in both rows: of least norm is [2, 2].
    ones, identity = np.ones((2, 2), "float32"), np.eye(2, dtype="float32")
    systems = np.stack([identity, ones, 2 * identity])
    found = solve_positive(systems, np.full((3, 2), 4.0, "float32"))
    np.testing.assert_allclose(found, [[4, 4], [2, 2], [2, 2]], rtol=1e-6)


def test_none_at_all():
    assert solve_positive(np.zeros((0, 3, 3), "float32"), np.zeros((0, 3), "float32")).size == 0


@pytest.mark.parametrize(
    "systems,right",
    [
        (np.ones((1, 2, 2)), np.ones((1, 2), "float32")),
        (np.ones((1, 2, 2), "float32"), np.ones((1, 3), "float32")),
        (np.ones((2, 2, 2), "float32")[:, :, ::-1], np.ones((2, 2), "float32")),
    ],
)
def test_refuses_what_lapack_would_read_wrongly(systems, right):
    with pytest.raises(InputError, match="expected C-contiguous float32"):
        solve_positive(systems, right)
