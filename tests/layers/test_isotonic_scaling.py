"""IsotonicScaling."""

import keras
import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression

from kerasrec.errors import InputError
from kerasrec.layers import IsotonicScaling


def logit(p):
    return np.log(p) - np.log1p(-np.asarray(p))


def clicks(n, curve, seed=0):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0.0, 2.0, n).astype("float32")
    return (rng.random(n) < curve(logits)).astype("float64"), logits


def steep(x):
    return 0.02 + 0.6 / (1 + np.exp(-3 * x))


def test_contract(check_layer):
    check_layer(
        IsotonicScaling, {"num_knots": 5}, {"logits": np.linspace(-5, 9, 11, dtype="float32")}
    )


def test_before_the_fit_logits_are_unchanged():
    x = np.array([[-100.0, -0.25], [0.0, 0.5], [3.75, 100.0]], "float32")
    np.testing.assert_array_equal(IsotonicScaling(4)(x), x)


def test_by_hand():
    # Shares 1/3 (three rows at 0), then 1/2 (a violation: 1 at 1, 0 at 2), then 3/4 (four at 5).
    labels, logits = [1, 0, 0, 1, 0, 1, 1, 1, 0], [0, 0, 0, 1, 2, 5, 5, 5, 5]
    layer = IsotonicScaling(num_knots=8)
    x, y = layer.fit(labels, logits)
    np.testing.assert_allclose(x, [0, 1.5, 5])
    np.testing.assert_allclose(y, logit([1 / 3, 1 / 2, 3 / 4]), atol=1e-12)
    found = layer(np.array([-2.0, 0.75, 1.5, 3.25, 6.0, 100.0], "float32"))
    expected = [y[0] - 2, y[0] / 2, 0.0, y[2] / 2, y[2] + 1, y[2] + 95]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_steps_are_those_of_scikit_learn():
    labels, logits = clicks(3000, steep)
    weights = np.random.default_rng(1).uniform(0.5, 2.0, 3000)
    x, y = IsotonicScaling(num_knots=1000).fit(labels, logits, weights)
    doubles = logits.astype("float64")
    fitted = IsotonicRegression().fit(doubles, labels, weights).predict(doubles).round(9)
    shares = np.unique(fitted)
    # The first and the last step may have only one class.
    inner = slice(int(shares[0] == 0), len(shares) - int(shares[-1] == 1))
    np.testing.assert_allclose(1 / (1 + np.exp(-y))[inner], shares[inner], atol=1e-6)
    means = [
        np.average(logits[one], weights=weights[one])
        for one in (fitted == share for share in shares)
    ]
    np.testing.assert_allclose(x, means, rtol=1e-5, atol=1e-5)


def test_the_planted_curve_is_found():
    labels, logits = clicks(100_000, steep)
    layer = IsotonicScaling(num_knots=50)
    layer.fit(labels, logits)
    grid = np.linspace(-4, 4, 30, dtype="float32")
    found = keras.ops.sigmoid(layer(grid))
    np.testing.assert_allclose(found, steep(grid), atol=0.02)


def test_the_order_of_logits_stays():
    labels, logits = clicks(2000, steep)
    layer = IsotonicScaling()
    layer.fit(labels, logits)
    found = np.asarray(layer(np.linspace(-20, 20, 4001, dtype="float32")))
    assert (np.diff(found) > 0).all()


def test_separated_classes_have_finite_logits():
    layer = IsotonicScaling()
    x, y = layer.fit([0, 0, 0, 1], [-3.0, -2.0, -1.0, 1.0])
    # Half an observation more: 1/2 of 4, 1 - 1/2 of 2.
    np.testing.assert_allclose(y, logit([0.125, 0.75]), rtol=1e-9)
    assert x.tolist() == [-2.0, 1.0]


def test_steps_are_merged_to_the_number_of_knots():
    labels, logits = clicks(20_000, steep)
    x, y = IsotonicScaling(num_knots=4).fit(labels, logits)
    assert len(x) <= 4 and (np.diff(x) > 0).all() and (np.diff(y) > 0).all()
    most, _ = IsotonicScaling(num_knots=1000).fit(labels, logits)
    assert len(most) > 4


def test_missing_labels_are_left_out():
    labels, logits = clicks(300, steep)
    missing = np.where(np.arange(300) < 100, np.nan, labels)
    one, other = IsotonicScaling(), IsotonicScaling()
    np.testing.assert_array_equal(one.fit(missing, logits), other.fit(labels[100:], logits[100:]))


def test_is_saved_and_not_trained(tmp_path):
    layer, logits = IsotonicScaling(num_knots=7), keras.Input(())
    layer.fit(*clicks(500, steep))
    model = keras.Model(logits, layer(logits))
    assert not model.trainable_weights
    model.save(tmp_path / "model.keras")
    values = np.linspace(-6, 6, 25, dtype="float32")
    revived = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(revived(values), layer(values))


def test_labels_of_one_class_are_refused():
    with pytest.raises(InputError, match="labels: a calibration needs both 0 and 1"):
        IsotonicScaling().fit([0, 0], [0.0, 1.0])


@pytest.mark.parametrize(
    "x,y,words",
    [
        ([0, 1], [0], "expected two arrays of 1 to 3 knots"),
        ([0, 1, 2, 3], [0, 1, 2, 3], "expected two arrays of 1 to 3 knots"),
        ([], [], "expected two arrays of 1 to 3 knots"),
        ([0, 0], [0, 1], "expected knots that rise"),
        ([0, 1], [1, 0], "expected knots that rise"),
    ],
)
def test_wrong_knots_are_refused(x, y, words):
    with pytest.raises(InputError, match=words):
        IsotonicScaling(num_knots=3).assign(x, y)


def test_one_knot_is_no_curve():
    with pytest.raises(InputError, match="num_knots must be a whole number of at least 2"):
        IsotonicScaling(num_knots=1)
