"""One table and a linear head in plain PyTorch and in FBGEMM; the data is in memory."""

import weakref

import torch

from benchmarks.peers.ids import zipf_ids
from benchmarks.peers.threads import with_best_threads

BATCHES = 64


class Weights:
    """Weights and optimizers that the cases of one group share."""

    def __init__(self, optimizer, rows, dim, start):
        self.head = torch.nn.Linear(dim, 1)
        self.optimizers = [torch.optim.Adam(self.head.parameters(), lr=0.01)]
        if optimizer.startswith("FBGEMM "):
            self.table = fbgemm_table(rows, dim, optimizer.removeprefix("FBGEMM "))
            return
        weight = torch.empty(rows, dim).normal_(0, start) if start else torch.zeros(rows, dim)
        sparse = optimizer == "SparseAdam"
        self.table = torch.nn.Embedding.from_pretrained(weight, freeze=False, sparse=sparse)
        make = torch.optim.SparseAdam if sparse else torch.optim.Adam
        options = {"fused": True} if optimizer == "Adam fused" else {}
        self.optimizers.append(make(self.table.parameters(), lr=0.01, **options))


_alive = weakref.WeakValueDictionary()


def setup(case):
    """Makes a function that trains n steps. Case: `optimizer`, `rows`, `dim`, `batch`, `start`."""
    key = case["optimizer"], case["rows"], case["dim"], case["start"]
    weights = _alive.get(key) or Weights(*key)
    _alive[key] = weights
    batches = torch.from_numpy(zipf_ids(case["rows"], (BATCHES, case["batch"])))
    target = torch.ones(case["batch"], 1)
    done = 0

    def run(steps):
        nonlocal done
        for _ in range(steps):
            predicted = weights.head(weights.table(batches[done % BATCHES]))
            loss = torch.nn.functional.mse_loss(predicted, target)
            for optimizer in weights.optimizers:
                optimizer.zero_grad()
            loss.backward()
            for optimizer in weights.optimizers:
                optimizer.step()
            done += 1

    return with_best_threads(run)


def fbgemm_table(rows, dim, name):
    """A table with an optimizer fused into the backward pass; each bag has one id."""
    try:
        from fbgemm_gpu.split_table_batched_embeddings_ops_common import EmbeddingLocation
        from fbgemm_gpu.split_table_batched_embeddings_ops_training import (
            ComputeDevice,
            OptimType,
            SplitTableBatchedEmbeddingBagsCodegen,
        )
    except OSError as error:
        reason = f"it does not load with torch {torch.__version__}: {error}"
        raise RuntimeError(reason) from None
    kinds = {
        "rowwise Adagrad": OptimType.EXACT_ROWWISE_ADAGRAD,
        "Adagrad": OptimType.EXACT_ADAGRAD,
    }
    table = SplitTableBatchedEmbeddingBagsCodegen(
        [(rows, dim, EmbeddingLocation.HOST, ComputeDevice.CPU)],
        optimizer=kinds[name],
        learning_rate=0.01,
    )

    def look_up(ids):
        return table(ids, torch.arange(len(ids) + 1))

    return look_up
