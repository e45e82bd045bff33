"""Training minutes until a target NDCG: SASRec compared with RecTools' SASRec in PyTorch.

    python -m benchmarks time_to_quality --target 0.18

MovieLens 1M, next item: the last but one item of each user is ranked among all unseen items; the
last is not used. The models take turns, one epoch each, until each has reached the NDCG@10 or its
time limit. Only training is timed, not the ranking of the ten best items. KERASREC_DATA names the
folder of the data.
"""

import contextlib
import dataclasses
import pathlib
import tempfile

import numpy as np

from benchmarks.runner.report import Bar, Report, Row, Table
from benchmarks.runner.run_config import CONFIGS
from benchmarks.runner.worker import PeerError, Worker, add_pythons, python_of

CONFIG = "ml-1m/sasrec"
K = 10
OURS, RIVAL = "kerasrec SASRec", "RecTools SASRec, the same sizes"
# Seconds; enough for an epoch of the slowest model on a busy machine.
LIMIT = 1800


def add_arguments(parser):
    parser.add_argument("--target", type=float, default=0.18, help="NDCG@10 (default: .18)")
    parser.add_argument(
        "--minutes", type=float, default=45, help="limit for each model (default: 45)"
    )
    add_pythons(parser, ["rectools"])


@dataclasses.dataclass
class Runner:
    """One model in training: runs an epoch at a time and records the NDCG after each."""

    name: str
    worker: Worker
    answers: pathlib.Path
    seconds: float = 0.0
    curve: list = dataclasses.field(default_factory=list)
    reason: str = ""

    def epoch(self, truth):
        try:
            self.seconds += self.worker.ask("time", id=0, steps=1)["seconds"]
        except PeerError as error:
            self.reason = str(error)
            return
        with np.load(self.answers) as found:
            self.curve.append(ndcg(found["user"], found["item"], truth))

    def reached(self, target):
        return bool(self.curve) and self.curve[-1] >= target

    def row(self, target):
        if not self.curve:
            return Row(self.name, note=self.reason)
        end = f"NDCG@10 {max(self.curve):.4f} after {len(self.curve)} epochs"
        if self.reached(target):
            return Row(self.name, (self.seconds / 60,), end)
        return Row(self.name, note=f"{end}, {self.seconds / 60:.1f} minutes {self.reason}".strip())


def ndcg(users, items, truth):
    """Mean of 1 / log2(1 + rank) over all users of `truth` (user -> item), 0 below rank 10.

    Args:
        users, items: `(answers,)` and `(answers, K)`, best first; users without an answer count as
        0.
    """
    wanted = np.array([truth[user] for user in users.tolist()])
    hits = items[:, :K] == wanted[:, None]
    return float((hits / np.log2(np.arange(2, 2 + hits.shape[1]))).sum() / len(truth))


def write_data(config, path):
    """Writes the train part in time order and returns the true item of each user."""
    from kerasrec.training.read_data import read_split

    data, split = read_split(config)
    queries = split.queries("validation")
    past, users = queries.history, data.users.vocabulary.lookup(queries.users)
    items = data.items.vocabulary.lookup(past.items)
    np.savez(path, user=np.repeat(users, np.diff(past.indptr)).astype(str), item=items.astype(str))
    found = data.items.vocabulary.lookup(queries.truth.items)
    return dict(zip(users.astype(str).tolist(), found.astype(str).tolist(), strict=True))


def peers_of(config):
    """Yields name, library, module and case of each model."""
    model = config.model.arguments
    sizes = {name: model[name] for name in ("dim", "num_blocks", "num_heads", "dropout")}
    sizes |= {
        "length": config.data.history_length,
        "batch": config.train.batch_size,
        "learning_rate": config.train.optimizer.arguments["learning_rate"],
    }
    yield OURS, "keras", "kerasrec_epochs", {**sizes, "arguments": model}
    yield RIVAL, "rectools", "rectools_epochs", sizes


def settings_of(arguments):
    from kerasrec.config import load_config

    changes = []
    if arguments.quick:
        changes = ["data.name=synthetic", "data.options={users: 200, items: 100}", "model.dim=8"]
        arguments.target, arguments.minutes = 0.01, 1
    return load_config(CONFIGS / f"{CONFIG}.yaml", changes)


def measure(arguments, say):
    config = settings_of(arguments)
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory()))
        truth = write_data(config, folder / "train.npz")
        runners = []
        for name, library, module, case in peers_of(config):
            worker = Worker(python_of(library, arguments), f"benchmarks.peers.{module}", LIMIT)
            runner = Runner(name, stack.enter_context(worker), folder / f"{len(runners)}.npz")
            files = {"data": str(folder / "train.npz"), "answers": str(runner.answers), "k": K}
            try:
                worker.ask("setup", id=0, case={**case, **files})
            except PeerError as error:
                runner.reason = str(error)
            runners.append(runner)
        while unfinished := [
            runner
            for runner in runners
            if not runner.reason
            and not runner.reached(arguments.target)
            and runner.seconds < 60 * arguments.minutes
        ]:
            for runner in unfinished:
                runner.epoch(truth)
                say(f"{runner.name}: {runner.seconds / 60:.1f} min, {runner.curve[-1:]}")
    rows = tuple(runner.row(arguments.target) for runner in runners)
    table = Table(f"{config.data.name}, NDCG@10 {arguments.target}", "minutes", rows, OURS)
    ratio, found = table.ratio(RIVAL, OURS), {runner.name: runner for runner in runners}
    ours, rival = found[OURS], found[RIVAL]
    bar = "RecTools to kerasrec"
    if ratio is None and ours.reached(arguments.target) and rival.curve:
        # It stopped at its time limit, so the ratio is a lower bound.
        ratio, bar = rival.seconds / ours.seconds, f"{bar}, at least"
    bars = [] if arguments.quick else [Bar(bar, ratio, 1.0, at_least=True)]
    settings = {"target": arguments.target, "minutes": arguments.minutes, "users": len(truth)}
    notes = [
        "RecTools trains the last windows of users who have more items than the window holds, "
        "kerasrec all windows, so its epochs have more data and take longer.",
    ]
    return Report("Time to quality", settings, [table], bars, notes)
