"""The benchmark models in plain PyTorch, with a plain training loop."""

import torch
from torch import nn
from torch.nn import functional

from benchmarks.peers.examples import examples, texts
from benchmarks.peers.threads import with_best_threads


def setup(case):
    """Makes a function that trains n steps. Case: `model`, `optimizer`, the sizes of `examples`."""
    model = MODELS[case["model"]](case)
    sparse = case["optimizer"] == "SparseAdam"
    tables = [m.weight for m in model.modules() if isinstance(m, nn.Embedding) and m.sparse]
    rest = [p for p in model.parameters() if not any(p is table for table in tables)]
    optimizers = [torch.optim.Adam(rest)] if rest else []
    if sparse:
        optimizers.append(torch.optim.SparseAdam(tables))
    return training_loop(model, optimizers, case)


def training_loop(loss_of, optimizers, case):
    """Makes a function that trains n steps of `loss_of(batch)`; a batch is a dict of tensors."""
    arrays = {name: torch.from_numpy(array) for name, array in examples(case).items()}
    batches = [
        {name: array[number] for name, array in arrays.items()}
        for number in range(len(arrays["item"]))
    ]
    done = 0

    def run(steps):
        nonlocal done
        for _ in range(steps):
            loss = loss_of(batches[done % len(batches)])
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
            done += 1

    return with_best_threads(run)


def table(rows, case, **options):
    embedding = nn.Embedding(rows, case["dim"], sparse=case["optimizer"] == "SparseAdam", **options)
    nn.init.normal_(embedding.weight, 0, 0.05)
    return embedding


class MatrixFactorization(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.users, self.items = table(case["users"], case), table(case["items"], case)

    def forward(self, batch):
        logits = self.users(batch["user"]) @ self.items(batch["item"]).T
        return functional.cross_entropy(logits, torch.arange(len(logits)))


class NeuMF(nn.Module):
    def __init__(self, case):
        super().__init__()
        dim = case["dim"]
        self.users = nn.ModuleList(table(case["users"], case) for _ in range(2))
        self.items = nn.ModuleList(table(case["items"], case) for _ in range(2))
        self.mlp = nn.Sequential(
            nn.Linear(2 * dim, 2 * dim), nn.ReLU(), nn.Linear(2 * dim, dim), nn.ReLU()
        )
        self.head = nn.Linear(2 * dim, 1)

    def forward(self, batch):
        users = [table(batch["user"]) for table in self.users]
        items = [table(batch["item"]) for table in self.items]
        hidden = self.mlp(torch.cat([users[1], items[1]], dim=-1))
        logit = self.head(torch.cat([users[0] * items[0], hidden], dim=-1))[:, 0]
        return functional.binary_cross_entropy_with_logits(logit, batch["label"])


class Recurrence(nn.Module):
    """The dot product of an LSTM's last state and one item vector."""

    def __init__(self, case):
        super().__init__()
        self.items = table(case["items"], case, padding_idx=0)
        self.lstm = LSTM(case)

    def forward(self, batch):
        states = self.lstm(self.items(batch["history"]))
        state = states[torch.arange(len(states)), batch["lengths"] - 1]
        logit = (state * self.items(batch["item"])).sum(-1)
        return functional.binary_cross_entropy_with_logits(logit, batch["label"])


class NextItem(nn.Module):
    """Encodes every position of a history, with a softmax over all items of the same table."""

    def __init__(self, case):
        super().__init__()
        self.items = table(case["items"], case, padding_idx=0)
        self.encoder = {"lstm": LSTM, "sasrec": SASRec}[case["model"]](case)

    def forward(self, batch):
        states = self.encoder(self.items(batch["history"]))
        logits = states.flatten(0, 1) @ self.items.weight.T
        return functional.cross_entropy(logits, batch["next"].flatten(), ignore_index=0)


class LSTM(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.lstm = nn.LSTM(case["dim"], case["dim"], batch_first=True)

    def forward(self, vectors):
        return self.lstm(vectors)[0]


class SASRec(nn.Module):
    """One causal mask for all rows: padding is on the right, where no earlier position sees it."""

    def __init__(self, case):
        super().__init__()
        dim, length = case["dim"], case["length"]
        self.positions = nn.Parameter(0.05 * torch.randn(length, dim))
        self.dropout = nn.Dropout(0.2)
        block = nn.TransformerEncoderLayer(
            dim, case["heads"], 4 * dim, 0.2, batch_first=True, norm_first=True
        )
        self.blocks = nn.TransformerEncoder(block, 2, nn.LayerNorm(dim), enable_nested_tensor=False)
        self.register_buffer("future", nn.Transformer.generate_square_subsequent_mask(length))

    def forward(self, vectors):
        state = self.dropout(vectors * vectors.shape[-1] ** 0.5 + self.positions)
        return self.blocks(state, self.future, is_causal=True)


class Hybrid(nn.Module):
    """An LSTM over the history, a CNN over the items' words, and alpha by item count."""

    def __init__(self, case):
        super().__init__()
        dim = case["dim"]
        self.items = table(case["items"], case, padding_idx=0)
        self.bias = nn.Parameter(torch.zeros(case["items"]))
        self.words = nn.Embedding(case["words"], dim, padding_idx=0)
        self.convolution = nn.Conv1d(dim, dim, 3, padding="same")
        self.content, self.projection = nn.Linear(dim, dim), nn.Linear(dim, dim)
        self.slope, self.intercept = nn.Parameter(torch.ones(())), nn.Parameter(torch.zeros(()))
        self.lstm = nn.LSTM(dim, dim, batch_first=True)
        self.register_buffer("tokens", torch.from_numpy(texts(case))[2:])
        self.register_buffer("count", torch.ones(case["items"] - 2))

    def forward(self, batch):
        user = self.lstm(self.items(batch["history"]))[0]
        real = (self.tokens != 0).float()[:, None]
        convolved = functional.relu(self.convolution(self.words(self.tokens).transpose(1, 2)))
        content = self.content((convolved * real).amax(dim=-1))
        alpha = torch.sigmoid(self.slope * torch.log1p(self.count) + self.intercept)[:, None]
        items = torch.cat([alpha * self.items.weight[2:], (1 - alpha) * content], dim=-1)
        query = torch.cat([user, self.projection(user)], dim=-1)
        logits = query.flatten(0, 1) @ items.T + self.bias[2:]
        # Item rows start at 2, so padding is -2 after the shift.
        return functional.cross_entropy(logits, batch["next"].flatten() - 2, ignore_index=-2)


MODELS = {
    "mf": MatrixFactorization,
    "neumf": NeuMF,
    "recurrence": Recurrence,
    "lstm": NextItem,
    "sasrec": NextItem,
    "hybrid": Hybrid,
}
