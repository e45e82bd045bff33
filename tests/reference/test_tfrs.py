"""Losses and top-k accuracy against TensorFlow Recommenders (`pip install kerasrec[tfrs]`)."""

import importlib.util
import os
import pathlib
import subprocess
import sys

import numpy as np
import pytest

from kerasrec.layers import InBatchCandidates
from kerasrec.losses import Softmax
from kerasrec.models import TopK

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not all(map(importlib.util.find_spec, ("tensorflow_recommenders", "tf_keras"))),
        reason="needs kerasrec[tfrs]",
    ),
]

ITEMS, BATCH, KS = 40, 32, (1, 5, 10)
GENERATOR = np.random.default_rng(0)
# Rows 0 and 1 are padding and unknown; row 2 is popular: many accidental hits.
ROWS = np.where(GENERATOR.random(BATCH) < 0.3, 2, GENERATOR.integers(2, ITEMS, BATCH))
COUNTS = np.concatenate([[0, 0], GENERATOR.integers(1, 50, ITEMS - 2)])
# Multiples of 1/64: scores are exact. FactorizedTopK compares the observed candidate's score with
# the catalog's, where the same item scores again, and one unit of rounding would cost it a rank.
VECTORS = np.round(GENERATOR.normal(0, 64, (ITEMS, 8))).astype("float32") / 64
QUERIES = VECTORS[ROWS] + np.round(GENERATOR.normal(0, 128, (BATCH, 8))).astype("float32") / 64


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tfrs")
    np.savez(
        folder / "in.npz",
        queries=QUERIES,
        candidates=VECTORS[ROWS],
        ids=ROWS,
        probabilities=(COUNTS / COUNTS.sum())[ROWS].astype("float32"),
        catalog=VECTORS[2:],
        ks=KS,
    )
    script = pathlib.Path(__file__).with_name("tfrs_reference.py")
    done = subprocess.run(
        [sys.executable, str(script), str(folder / "in.npz"), str(folder / "out.npz")],
        env={**os.environ, "TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    with np.load(folder / "out.npz") as arrays:
        return dict(arrays)


@pytest.mark.parametrize("mask_accidental_hits", [False, True])
@pytest.mark.parametrize("log_q", [False, True])
def test_in_batch_softmax_is_the_retrieval_task(reference, mask_accidental_hits, log_q):
    layer = InBatchCandidates(ITEMS, log_q, mask_accidental_hits)
    layer.adapt(COUNTS)
    logits = layer(QUERIES, ROWS, item_model=lambda rows: VECTORS[rows])
    # TFRS sums over the batch.
    loss = float(Softmax(reduction="sum")(np.ones(BATCH), logits))
    np.testing.assert_allclose(loss, reference[f"loss_{mask_accidental_hits}_{log_q}"], rtol=1e-4)


@pytest.mark.parametrize("k", KS)
def test_top_k_accuracy_is_the_share_that_our_top_k_finds(reference, k):
    best = np.asarray(TopK(k)(QUERIES @ VECTORS.T)["rows"])
    found = (best == ROWS[:, None]).any(axis=1).mean()
    assert 0 < found < 1
    np.testing.assert_allclose(reference[f"top_{k}"], found, atol=1e-6)
