import numpy as np
import pytest

from kerasrec.layers import InBatchCandidates

VECTORS = np.array([[9, 9], [8, 8], [1, 0], [0, 1], [2, 3]], "float32")
QUERY = np.array([[1, 2], [3, 4], [5, 6], [1, 1]], "float32")
# An item twice, and a padding.
ITEM = np.array([2, 4, 2, 0])
M = -1e9


def item_model(rows):
    return VECTORS[rows]


def test_by_hand():
    logits = InBatchCandidates(5)(QUERY, ITEM, item_model=item_model)
    expected = [[1, M, 8, M, M], [18, 3, M, 3, M], [5, M, 28, M, M], [18, 1, 5, 1, M]]
    np.testing.assert_allclose(logits, expected)


def test_without_masking_hits_only_the_row_s_column_is_masked():
    layer = InBatchCandidates(5, mask_accidental_hits=False)
    logits = layer(QUERY, ITEM, item_model=item_model)
    expected = [[1, M, 8, 1, M], [18, 3, M, 3, M], [5, 5, 28, M, M], [18, 1, 5, 1, M]]
    np.testing.assert_allclose(logits, expected)


def test_log_q_subtracts_the_log_share_from_every_column():
    layer = InBatchCandidates(5)
    # An item without interactions counts as one: shares 6, 1, 3 of 10.
    layer.adapt([7, 7, 6, 0, 3])
    corrected = layer(QUERY[:3], ITEM[:3], item_model=item_model)
    two, four = np.log(0.6), np.log(0.3)
    expected = [
        [1 - two, M, 8 - four, M],
        [18 - four, 3 - two, M, 3 - two],
        [5 - two, M, 28 - four, M],
    ]
    np.testing.assert_allclose(corrected, expected, rtol=1e-6)
    plain = InBatchCandidates(5, log_q=False)
    plain.adapt([7, 7, 6, 0, 3])
    assert plain.weights == []
    np.testing.assert_allclose(plain(QUERY, ITEM, item_model=item_model)[0, 0], 1.0)


@pytest.mark.parametrize("row", [0, 1])
def test_padding_and_unknown_are_no_negatives(row):
    item = np.array([2, 4, row])
    logits = np.asarray(InBatchCandidates(5)(QUERY[:3], item, item_model=item_model))
    assert (logits[:, 3] == M).all() and np.isfinite(logits).all()
