"""PlattScaling."""

import keras
import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.linear_model import LogisticRegression

from kerasrec.errors import InputError
from kerasrec.layers import PlattScaling


def clicks(n, slope, intercept, seed=0):
    """Logits whose true logit is a line of them."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(-1.0, 2.0, n)
    labels = rng.random(n) < 1 / (1 + np.exp(-(slope * logits + intercept)))
    return labels.astype("float64"), logits


def test_contract(check_layer):
    check_layer(PlattScaling, {}, {"logits": np.linspace(-5, 5, 11, dtype="float32")})


def test_the_planted_line_is_found():
    found = PlattScaling().fit(*clicks(200_000, slope=0.5, intercept=-1.5))
    np.testing.assert_allclose(found, [0.5, -1.5], atol=0.03)


@pytest.mark.parametrize("scale,shift", [(1.0, 0.0), (1e-3, 0.0), (1e3, 50.0)])
def test_like_logistic_regression(scale, shift):
    labels, logits = clicks(3000, 0.5, -1.0)
    logits = scale * logits + shift
    weights = np.random.default_rng(1).uniform(0, 2, len(labels))
    slope, intercept = PlattScaling().fit(labels, logits, weights)
    positives, negatives = weights @ labels, weights @ (1 - labels)
    high, low = (positives + 1) / (positives + 2), 1 / (negatives + 2)
    # A target t is a positive of weight t and a negative of weight 1 - t.
    targets, x = np.where(labels == 1, high, low), (logits - shift) / scale
    model = LogisticRegression(C=np.inf, tol=1e-10).fit(
        np.tile(x, 2)[:, None],
        np.repeat([1, 0], len(x)),
        np.append(weights * targets, weights * (1 - targets)),
    )
    expected = model.coef_[0, 0] / scale
    assert slope == pytest.approx(expected, rel=1e-4)
    assert intercept == pytest.approx(model.intercept_[0] - expected * shift, rel=1e-3)


def test_like_the_sigmoid_calibration_of_scikit_learn():
    labels, logits = clicks(2000, 0.5, -1.0)

    class Frozen(LogisticRegression):
        def decision_function(self, x):
            return x[:, 0]

    x = logits[:, None]
    # Both halves are scored alike, so that the ensemble is fitted to all rows.
    model = CalibratedClassifierCV(Frozen(), method="sigmoid", ensemble=False, cv=2)
    expected = model.fit(x, labels).predict_proba(x)[:, 1]
    layer = PlattScaling()
    layer.fit(labels, logits)
    found = keras.ops.sigmoid(layer(logits))
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_separated_classes_have_finite_numbers():
    slope, intercept = PlattScaling().fit([0, 0, 1, 1], [-2.0, -1.0, 1.0, 2.0])
    assert 0 < slope < 10 and intercept == pytest.approx(0.0, abs=1e-6)


def test_missing_labels_are_left_out():
    labels, logits = clicks(300, 0.5, -1.0)
    missing = np.where(np.arange(300) < 100, np.nan, labels)
    assert PlattScaling().fit(missing, logits) == PlattScaling().fit(labels[100:], logits[100:])


def test_is_saved_and_not_trained(tmp_path):
    logits = keras.Input(())
    layer = PlattScaling()
    layer.assign(0.5, -2.0)
    model = keras.Model(logits, layer(logits))
    assert not model.trainable_weights
    model.save(tmp_path / "model.keras")
    revived = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(revived(np.array([4.0, 0.0])), [0.0, -2.0])


@pytest.mark.parametrize(
    "labels,logits,weights,words",
    [
        ([0, 0], [0.0, 1.0], None, r"labels: .* received \[0.0\]"),
        ([0, 2], [0.0, 1.0], None, r"labels: .* received \[0.0, 2.0\]"),
        ([np.nan], [0.0], None, r"labels: .* received \[\]"),
        ([0, 1, 1], [0.0, 1.0], None, "expected the same length, received 3, 2 and 3"),
        ([0, 1], [0.0, np.inf], None, "expected finite logits"),
        ([0, 1], [0.0, 1.0], [1, -1], "weights of at least 0"),
        ([1, 0], [0.0, 1.0], None, "rank the labels in reverse"),
        ([1, 0], [1.0, 1.0], None, "rank the labels in reverse or not at all"),
    ],
)
def test_wrong_rows_are_refused(labels, logits, weights, words):
    with pytest.raises(InputError, match=words):
        PlattScaling().fit(labels, logits, weights)


def test_a_falling_line_is_refused():
    with pytest.raises(InputError, match="slope: expected a number above 0, received -1"):
        PlattScaling().assign(-1, 0)
