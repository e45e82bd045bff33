import keras
import numpy as np

from kerasrec.layers import last_real_step

STATES = np.arange(12, dtype="float32").reshape(2, 3, 2)


def test_the_last_real_step_by_hand():
    # Row 0 holds steps [0, 1], [2, 3], [4, 5]; row 1 holds [6, 7], [8, 9], [10, 11].
    mask = np.array([[True, True, False], [True, True, True]])
    assert np.asarray(last_real_step(STATES, mask)).tolist() == [[2.0, 3.0], [10.0, 11.0]]


def test_padding_may_be_anywhere():
    mask = np.array([[False, True, False], [True, False, False]])
    assert np.asarray(last_real_step(STATES, mask)).tolist() == [[2.0, 3.0], [6.0, 7.0]]


def test_no_real_step_gives_zeros():
    mask = np.zeros((2, 3), "bool")
    assert not np.asarray(last_real_step(STATES, mask)).any()


def test_it_is_traced_with_an_unknown_length():
    states = keras.Input((None, 2))
    mask = keras.Input((None,), dtype="bool")
    model = keras.Model([states, mask], last_real_step(states, mask))
    mask = np.array([[True, True, False], [True, True, True]])
    assert np.asarray(model([STATES, mask])).tolist() == [[2.0, 3.0], [10.0, 11.0]]
