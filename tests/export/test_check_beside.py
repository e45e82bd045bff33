import numpy as np
import pytest
import tensorflow as tf

from kerasrec.export.check_beside import check_beside


def check(name, column, history):
    """Runs the check in a graph that is traced with unknown widths, as a served graph."""
    dtype = tf.int64 if name == "timestamp" else tf.string
    spec = [tf.TensorSpec((None, None), dtype), tf.TensorSpec((None, None), tf.string)]
    column, history = np.array(column, dtype.as_numpy_dtype), np.array(history, object)
    tf.function(lambda *given: check_beside(name, *given), input_signature=spec)(column, history)


@pytest.mark.parametrize(
    "column,history",
    [
        ([[5, 7]], [["a", "b"]]),
        ([[0]], [["a", "b"]]),
        ([[0, 0, 0]], [["a", "b"]]),
        ([[0]], [[""]]),
        (np.zeros((1, 0)), [["a"]]),
        (np.zeros((2, 0)), np.zeros((2, 0))),
        ([[0, 5]], [["", "b"], ["c", "d"]]),
        # Two requests in one batch: the one without times has a longer or a shorter history.
        ([[5, 7], [0, 0]], [["a", "b", ""], ["c", "d", "e"]]),
        ([[0, 0, 0], [5, 6, 7]], [["a", "", ""], ["c", "d", "e"]]),
    ],
)
def test_one_value_for_each_item_or_none_is_accepted(column, history):
    check("timestamp", column, history)
    words = np.where(np.array(column) == 0, "", "view")
    check("behavior", words, history)


@pytest.mark.parametrize(
    "column,history,got",
    [
        ([[5, 6, 7]], [["a"]], r"\[3\] \[for\] \[1\]"),
        ([[5]], [["a", "b"]], r"\[1\] \[for\] \[2\]"),
        ([[5]], np.zeros((1, 0)), r"\[1\] \[for\] \[0\]"),
        ([[5, 7]], [["a", "b"], ["a", "b"], ["a", "b"]], None),
        ([[5, 7]], [["a", "b", ""], ["a", "b", "c"]], r"\[2\] \[for\] \[3\]"),
        ([[0, 0], [5, 7]], [["a", "b", "c"], ["a", "b", "c"]], r"\[2\] \[for\] \[3\]"),
    ],
)
def test_more_or_fewer_values_are_refused(column, history, got):
    words = np.where(np.array(column) == 0, "", "view")
    for name, given in (("timestamp", column), ("behavior", words)):
        if got is None:
            check(name, given, history)
            continue
        message = f"kerasrec: {name}: expected one for each item of the history, or none: got"
        with pytest.raises(tf.errors.InvalidArgumentError, match=rf"{message}\] {got}"):
            check(name, given, history)


def test_milliseconds_are_refused():
    with pytest.raises(tf.errors.InvalidArgumentError, match="expected seconds since 1970"):
        check("timestamp", [[1577836800000]], [["a"]])
