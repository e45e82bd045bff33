"""DeepFM and DCN in plain PyTorch, with a plain training loop; the data is in memory."""

import torch
from torch import nn
from torch.nn import functional

from benchmarks.peers.ranker_examples import BATCHES, ranker_examples
from benchmarks.peers.threads import with_best_threads


def setup(case):
    """Makes a function that trains n steps.

    Case: `model`, `fields`, `rows` of each field, `dim`, `mlp`, `batch`, and `tables`: "a table a
    field" with Adam, or "one table" for all fields with SparseAdam.
    """
    model = MODELS[case["model"]](case)
    tables = [m.weight for m in model.modules() if isinstance(m, nn.Embedding) and m.sparse]
    rest = [p for p in model.parameters() if not any(p is table for table in tables)]
    optimizers = [torch.optim.Adam(rest, lr=0.001)]
    if tables:
        optimizers.append(torch.optim.SparseAdam(tables, lr=0.001))
    ids, labels = (torch.from_numpy(one) for one in ranker_examples(case))
    done = 0

    def run(steps):
        nonlocal done
        for _ in range(steps):
            logit = model(ids[done % BATCHES])
            loss = functional.binary_cross_entropy_with_logits(logit, labels[done % BATCHES])
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            done += 1

    return with_best_threads(run)


class Fields(nn.Module):
    """Vectors `(batch, fields, dim)` of ids `(batch, fields)`."""

    def __init__(self, case, dim):
        super().__init__()
        self.stacked = case["tables"] == "one table"
        fields, rows = case["fields"], case["rows"]
        if self.stacked:
            self.table = nn.Embedding(fields * rows, dim, sparse=True)
            self.register_buffer("first", rows * torch.arange(fields))
        else:
            self.tables = nn.ModuleList(nn.Embedding(rows, dim) for _ in range(fields))
        for table in [self.table] if self.stacked else self.tables:
            nn.init.normal_(table.weight, 0, 0.05)

    def forward(self, ids):
        if self.stacked:
            return self.table(ids + self.first)
        return torch.stack([table(ids[:, n]) for n, table in enumerate(self.tables)], 1)


def mlp(width, widths):
    layers = []
    for each in widths:
        layers += [nn.Linear(width, each), nn.ReLU()]
        width = each
    return nn.Sequential(*layers)


class DeepFM(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.vectors, self.linear = Fields(case, case["dim"]), Fields(case, 1)
        self.mlp = mlp(case["fields"] * case["dim"], case["mlp"])
        self.head = nn.Linear(case["mlp"][-1], 1)

    def forward(self, ids):
        vectors = self.vectors(ids)
        pairs = 0.5 * (vectors.sum(1).square() - vectors.square().sum(1)).sum(1)
        deep = self.head(self.mlp(vectors.flatten(1)))[:, 0]
        return self.linear(ids).sum((1, 2)) + pairs + deep


class DCN(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.vectors = Fields(case, case["dim"])
        width = case["fields"] * case["dim"]
        self.cross = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.mlp = mlp(width, case["mlp"])
        self.head = nn.Linear(case["mlp"][-1], 1)

    def forward(self, ids):
        first = x = self.vectors(ids).flatten(1)
        for layer in self.cross:
            x = first * layer(x) + x
        return self.head(self.mlp(x))[:, 0]


MODELS = {"DeepFM": DeepFM, "DCN": DCN}
