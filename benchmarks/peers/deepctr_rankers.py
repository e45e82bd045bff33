"""DeepFM and DCN of DeepCTR-Torch, trained by their own `fit`; the data is in memory."""

import numpy as np
import torch
from deepctr_torch.inputs import SparseFeat
from deepctr_torch.models import DCN, DeepFM

from benchmarks.peers.ranker_examples import ranker_examples
from benchmarks.peers.threads import with_best_threads


def setup(case):
    """Makes a function that trains n steps.

    Case: `model`, `fields`, `rows` of each field, `dim`, `mlp` and `batch`.
    """
    names = [f"field_{n}" for n in range(case["fields"])]
    columns = [SparseFeat(name, case["rows"], embedding_dim=case["dim"]) for name in names]
    options = {"dnn_hidden_units": tuple(case["mlp"]), "device": "cpu"}
    if case["model"] == "DeepFM":
        model = DeepFM(columns, columns, **options)
    else:
        model = DCN(columns, columns, cross_num=3, cross_parameterization="matrix", **options)
    model.compile(torch.optim.Adam(model.parameters(), lr=0.001), "binary_crossentropy", metrics=[])
    ids, labels = ranker_examples(case)

    def run(steps):
        batches = np.arange(steps) % len(ids)
        x = ids[batches].reshape(-1, len(names))
        x = {name: x[:, n] for n, name in enumerate(names)}
        y = labels[batches].reshape(-1)
        model.fit(x, y, batch_size=case["batch"], epochs=1, verbose=0, shuffle=False)

    return with_best_threads(run)
