import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import BilinearFusion

GENERATOR = np.random.default_rng(0)
FIRST = GENERATOR.normal(size=(3, 4)).astype("float32")
SECOND = GENERATOR.normal(size=(3, 6)).astype("float32")


def test_layer_contract(check_layer):
    check_layer(BilinearFusion, {"num_heads": 2}, {"first": FIRST, "second": SECOND})


def test_one_head_by_hand():
    fusion = BilinearFusion()
    fusion.build((None, 2), (None, 1))
    fusion.set_weights([np.array(w) for w in (7.0, [[1.0], [2.0]], [[3.0]], [[[4.0], [5.0]]])])
    # 7 + (10 + 2 * 20) + 3 * 2 + (4 * 10 + 5 * 20) * 2
    assert fusion(np.array([[10.0, 20.0]]), np.array([[2.0]])).numpy().tolist() == [343.0]


@pytest.mark.parametrize("num_heads", [1, 2])
def test_equals_the_formula_in_numpy(num_heads):
    fusion = BilinearFusion(num_heads)
    found = fusion(FIRST, SECOND)
    _, first_kernel, second_kernel, heads = fusion.get_weights()
    expected = (FIRST @ first_kernel + SECOND @ second_kernel)[:, 0]
    for x, kernel, z in zip(
        np.split(FIRST, num_heads, 1), heads, np.split(SECOND, num_heads, 1), strict=True
    ):
        expected = expected + ((x @ kernel) * z).sum(1)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_wrong_arguments():
    with pytest.raises(InputError, match="num_heads must be a whole number"):
        BilinearFusion(0)
    with pytest.raises(InputError, match="num_heads: expected a divisor of 6"):
        BilinearFusion(4)(FIRST, SECOND)
