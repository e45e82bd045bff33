"""Training throughput of whole models: kerasrec, the same models in plain PyTorch, and RecBole.

All implementations get the same invented data, shapes and batches, in memory. An example is a pair
of user and item, or a history with the item after each of its positions. Keras is timed in
`model.fit`.
"""

from benchmarks.runner.report import Bar, Report, Table
from benchmarks.runner.turns import Peer, Turns
from benchmarks.runner.worker import add_pythons

OURS = "kerasrec, LazyAdam, 16 a call"
PAIRS = {"users": 100_000, "items": 100_000, "dim": 64, "batch": 1024}
HISTORIES = {"items": 3_418, "dim": 64, "batch": 64, "length": 100}
TEXT = {"items": 3_416, "dim": 64, "batch": 64, "length": 50, "words": 5000, "text": 16}
# Name -> label in the table, sizes, whether SparseAdam can train it, RecBole's name of it.
MODELS = {
    "mf": ("MF, softmax in the batch", PAIRS, True, "BPR, its pairwise loss"),
    "neumf": ("NeuMF, one label a pair", PAIRS, True, "NeuMF"),
    "recurrence": ("LSTM alone, one label a history", HISTORIES, False, None),
    "lstm": ("LSTM, softmax over all items", HISTORIES, False, None),
    "sasrec": ("SASRec, softmax over all items", {**HISTORIES, "heads": 1}, False, None),
    "hybrid": ("LSTM and Conv1D, softmax over all items", TEXT, False, None),
}
# Models, and how many times as fast as PyTorch's their steps must be.
BARS = {"recurrence": 1.0, "lstm": 1.0, "sasrec": 1.2}
SMALL = {"users": 200, "items": 300, "dim": 8, "batch": 16, "length": 6, "words": 50, "text": 4}


def add_arguments(parser):
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    add_pythons(parser)


def sizes_of(name, quick):
    sizes = MODELS[name][1]
    return {key: SMALL.get(key, value) if quick else value for key, value in sizes.items()}


def peers_of(name, sizes):
    _, _, sparse, in_recbole = MODELS[name]
    case = {**sizes, "model": name}

    def ours(label, optimizer, steps):
        own = {**case, "optimizer": optimizer, "steps_per_execution": steps}
        return Peer(label, "keras", "keras_models", own, multiple=steps)

    yield ours(OURS, "LazyAdam", 16)
    yield ours("kerasrec, LazyAdam, 1 a call", "LazyAdam", 1)
    yield ours("kerasrec, Keras Adam, 16 a call", "Adam", 16)
    for optimizer in ("Adam", "SparseAdam") if sparse else ("Adam",):
        own = {**case, "optimizer": optimizer}
        yield Peer(f"PyTorch, {optimizer}", "torch", "torch_models", own)
    if in_recbole:
        own = {**case, "optimizer": "Adam"}
        yield Peer(f"RecBole {in_recbole}, Adam", "recbole", "recbole_models", own)


def measure(arguments, say):
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 5)
    tables, bars = [], []
    with Turns(arguments, 0.02 if arguments.quick else 1.0, say) as turns:
        for name in arguments.models:
            sizes = sizes_of(name, arguments.quick)
            peers = list(peers_of(name, sizes))
            rows, _ = turns.measure(name, peers, lambda s, n, b=sizes["batch"]: n * b / s)
            shown = ", ".join(f"{key} {value:,}" for key, value in sizes.items())
            title = f"{MODELS[name][0]}\n{shown}"
            tables.append(Table(title, "examples/s", rows, OURS))
            if name in BARS and not arguments.quick:
                ratio = tables[-1].ratio(OURS, "PyTorch, Adam")
                bars.append(Bar(f"{name} to PyTorch", ratio, BARS[name], at_least=True))
    return Report(
        "Training whole models",
        {"rounds": arguments.rounds, "models": arguments.models},
        tables,
        bars,
        notes=[
            "Larger is faster: a ratio below 1 is slower than the first row.",
            "A softmax over all items has a dense gradient: SparseAdam cannot train it.",
            "PyTorch and RecBole run with one thread or all, whichever was faster in the warm-up.",
            "RecBole's MF is trained by BPR with one negative; its sequence models train one "
            "position of a history per row, which is another step.",
        ],
    )
