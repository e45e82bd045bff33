import keras
import numpy as np
import pytest

from kerasrec.errors import InputError
from kerasrec.layers import CrossLookup, CrossRates, cross_rates, known_pairs
from kerasrec.savedmodel import CLoader
from kerasrec.savedmodel.graph_operations import unportable_operations


def numbers(tensor):
    return keras.ops.convert_to_numpy(tensor)


def by_loop(rows, fold, labels, row, asked, prior):
    """The formula, example by example."""
    outside = [n for n in range(len(rows)) if fold[n] != asked]
    same = [n for n in outside if rows[n] == row and row != 0]
    mean = np.mean([labels[n] for n in outside])
    rate = (sum(labels[n] for n in same) + prior * mean) / (len(same) + prior)
    return np.log(1 + len(same)), rate


def test_by_hand():
    rates = CrossRates(5, folds=2, prior=2.0)
    rates.assign(rows=[2, 2, 2, 3, 0], fold=[1, 1, 2, 2, 2], labels=[1, 0, 1, 0, 1])
    # All: mean 3/5; row 2 has 2 clicks of 3. Outside of fold 1: mean 2/3; row 2 has 1 of 1.
    # Outside of fold 2: mean 1/2; row 2 has 1 of 2, and row 3 no example.
    rows, fold = np.array([2, 2, 2, 3, 3, 0, 4]), np.array([0, 1, 2, 0, 2, 0, 1])
    expected = [
        [np.log(4), (2 + 2 * 3 / 5) / 5],
        [np.log(2), (1 + 2 * 2 / 3) / 3],
        [np.log(3), (1 + 2 * 1 / 2) / 4],
        [np.log(2), (0 + 2 * 3 / 5) / 3],
        [0, 1 / 2],
        [0, 3 / 5],  # padding and a new row have the mean
        [0, 2 / 3],
    ]
    found = numbers(rates(rows, fold))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("block", [7, 2**22])
def test_random_examples_as_by_a_loop(monkeypatch, block):
    monkeypatch.setattr(cross_rates, "BLOCK", block)
    random = np.random.default_rng(0)
    rows, fold = random.integers(0, 9, 60), random.integers(1, 4, 60)
    labels = random.normal(size=60)
    rates = CrossRates(10, folds=3, prior=0.5)
    rates.assign(rows, fold, labels)
    row, asked = (one.ravel() for one in np.mgrid[:10, :4])
    expected = [by_loop(rows, fold, labels, *one, 0.5) for one in zip(row, asked, strict=True)]
    np.testing.assert_allclose(numbers(rates(row, asked)), expected, rtol=1e-5, atol=1e-6)


def test_no_example_sees_its_own_label():
    random = np.random.default_rng(0)
    # Half of the rows have a single example: with its label in the sum, the rate would tell it.
    rows = np.concatenate([np.arange(2, 52), random.integers(52, 62, 50)])
    fold = random.integers(1, 6, 100)
    labels = random.integers(0, 2, 100)
    rates = CrossRates(62, prior=1.0)
    rates.assign(rows, fold, labels)
    seen = numbers(rates(rows, fold))
    served = numbers(rates(rows, np.zeros_like(fold)))
    # In serving the rates of rare rows do follow the labels, and in training they do not.
    assert np.corrcoef(served[:50, 1], labels[:50])[0, 1] > 0.9
    assert (seen[:50, 0] == 0).all()
    for k in range(1, 6):
        assert len(np.unique(seen[:50, 1][fold[:50] == k])) == 1
    for n in range(0, 100, 7):
        changed = labels.copy()
        changed[n] = 1 - changed[n]
        rates.assign(rows, fold, changed)
        again = numbers(rates(rows, fold))
        np.testing.assert_array_equal(again[fold == fold[n]], seen[fold == fold[n]])
        assert (again[fold != fold[n], 1] != seen[fold != fold[n], 1]).all()


def test_no_example_and_none_before_assign():
    rates = CrossRates(3)
    ask = np.array([0, 2]), np.array([0, 5])
    assert numbers(rates(*ask)).tolist() == [[0, 0], [0, 0]]
    rates.assign([], [], [])
    assert numbers(rates(*ask)).tolist() == [[0, 0], [0, 0]]
    # All examples are in one fold: outside of it there is none.
    rates.assign([2], [5], [1])
    assert numbers(rates(*ask))[:, 1].tolist() == [1, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([2, 2], [1], [0, 1]), r"columns of one length, received shapes \(2,\), \(1,\)"),
        (([[2]], [[1]], [[0]]), "columns of one length"),
        (([4], [1], [0]), "rows: expected whole numbers from 0 to 3, received 4 to 4"),
        (([2], [0], [0]), "fold: expected whole numbers from 1 to 2, received 0 to 0"),
        (([2], [3], [0]), "fold: expected whole numbers from 1 to 2, received 3 to 3"),
        (([2.5], [1], [0]), "rows: expected whole numbers from 0 to 3, received 2.5 to 2.5"),
        (([2], [1], [np.nan]), "labels: expected finite numbers"),
    ],
)
def test_bad_examples(arguments, message):
    with pytest.raises(InputError, match=message):
        CrossRates(4, folds=2).assign(*arguments)


def test_bad_arguments():
    for arguments, message in (
        ({"folds": 1}, "folds must be a whole number of at least 2: got 1"),
        ({"num_rows": 0}, "num_rows must be a whole number"),
        ({"prior": 0}, "prior: expected a number above 0, received 0"),
        ({"prior": np.nan}, "prior: expected a number above 0"),
    ):
        with pytest.raises(InputError, match=message):
            CrossRates(**{"num_rows": 4, **arguments})


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="others cannot raise")
def test_a_fold_or_a_row_out_of_range():
    rates = CrossRates(4, folds=2, name="rates")
    for fold in (-1, 3):
        with pytest.raises(InputError, match="rates: expected folds from 0 to 2, received"):
            rates(np.array([2]), np.array([fold]))
    with pytest.raises(InputError, match="rates: expected ids from 0 .padding. to 3, received 4"):
        rates(np.array([4]), np.array([0]))


def test_contract(check_layer):
    inputs = {"rows": np.array([1, 0], "int32"), "fold": np.array([0, 2], "int32")}
    layer = check_layer(CrossRates, {"num_rows": 4, "folds": 2, "prior": 3.0}, inputs)
    assert not layer.trainable_weights
    half = CrossRates(4, folds=2, dtype="mixed_float16")
    half.assign([2] * 70000, [1] * 70000, [1] * 70000)  # beyond float16
    found = half(np.array([2]), np.array([0]))
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    np.testing.assert_allclose(numbers(found), [[np.log(70001), 1]], rtol=1e-6)


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="an export is TensorFlow's")
def test_rates_of_a_cross_are_exported(tmp_path):
    random = np.random.default_rng(0)
    first, second = random.integers(0, 12, (2, 300)).astype("int32")
    cross, rates = CrossLookup(12, 200), CrossRates(202)
    cross.assign(*known_pairs(first, second, 2))
    expected = numbers(cross(first, second))
    rates.assign(expected, random.integers(1, 6, 300), random.integers(0, 2, 300))
    inputs = [keras.Input((), dtype="int32", name=name) for name in ("first", "second", "fold")]
    model = keras.Model(inputs, rates(cross(*inputs[:2]), inputs[2]))
    model.export(tmp_path / "1", verbose=False)
    fold = np.zeros(300, "int32")
    with CLoader(tmp_path / "1") as loaded:
        (found,) = loaded("serve", first=first, second=second, fold=fold).values()
    np.testing.assert_allclose(found, numbers(rates(expected, fold)), rtol=1e-6)
    assert unportable_operations(tmp_path / "1") == []
