import numpy as np
import pytest
import scipy.sparse

from kerasrec.layers.denoising_autoencoder import denoising_autoencoder

# Words 0 to 9 belong to one kind of items, 10 to 19 to another; no item has word 20.
rng = np.random.default_rng(0)
ROWS = np.zeros((400, 21), "float32")
for item, row in enumerate(ROWS):
    row[rng.choice(10, 4, replace=False) + 10 * (item % 2)] = 0.5
TABLE = scipy.sparse.csr_matrix(ROWS)


def codes(weight):
    """Of items of one word each."""
    found = np.tanh(np.eye(21)[:20] @ weight)
    return found / np.linalg.norm(found, axis=1, keepdims=True)


def test_related_words_get_similar_codes():
    found = codes(denoising_autoencoder(TABLE, dim=2))
    alike = found @ found.T
    same = np.add.outer(np.arange(20) // 10, np.arange(20) // 10) != 1
    other = ~np.eye(20, dtype=bool)
    assert alike[same & other].mean() > 0.5
    assert alike[~same].mean() < 0.0


def test_reconstruction_beats_the_mean():
    weight = denoising_autoencoder(TABLE, dim=8)
    left = ROWS * (rng.random(ROWS.shape) < 0.5)
    hidden = np.c_[np.tanh(2 * left @ weight), np.ones(len(left))]
    # The best linear reconstruction from the code of the corrupted row.
    back, *_ = np.linalg.lstsq(hidden, ROWS, rcond=None)
    error = np.square(hidden @ back - ROWS).sum()
    assert error < 0.75 * np.square(ROWS - ROWS.mean(axis=0)).sum()


@pytest.mark.slow
def test_the_same_seed_gives_the_same_weights_and_leaves_the_callers_random_state_alone():
    np.random.seed(3)
    before = np.random.get_state()[1].copy()
    one, other = (denoising_autoencoder(TABLE, dim=4) for _ in range(2))
    np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(np.random.get_state()[1], before)


def test_empty_columns_and_empty_tables_are_zeros():
    assert not denoising_autoencoder(TABLE, dim=4)[20].any()
    assert not denoising_autoencoder(scipy.sparse.csr_matrix((3, 5)), dim=4).any()
