"""The next three items: a sequence that Seq2Seq writes beside the first three of a ranking.

    python -m benchmarks next_items

The last three items of each user are to be found, the three before choose the epoch. Measured is
the share of them among three answers: the sequence of beam search, the greedy one, the three
likeliest first items of the same model, and of a model that learns the very next item its three
likeliest and what it says when it is asked three times, each time with its answer behind the
history. All are asked the same, so a difference is one of pairs. KERASREC_DATA names the data.
"""

import pathlib
import statistics
import tempfile

import numpy as np

from benchmarks.runner.config_run import CONFIGS
from benchmarks.runner.report import Bar, Report, Row, Table

AHEAD = 3
SEQUENCE, ONE_STEP = "seq2seq", "rnn_recommender"
BEAM, GREEDY, FIRST = "Seq2Seq, beam search", "Seq2Seq, greedy", "Seq2Seq, top 3 of its first step"
OTHER, REPEATED = "RNNRecommender, top 3", "RNNRecommender, asked three times"


def add_arguments(parser):
    parser.add_argument("--data", default="ml-1m", help="folder below configs/")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--set", nargs="+", default=(), metavar="KEY=VALUE", help="in both configs")


def last_items(data, ahead):
    """A `Split`: of each user the last `ahead` items are test, those before them validation.

    Users with fewer than three times as many stay in train.
    """
    from kerasrec.data import Split

    order = np.argsort(data.user, kind="stable")
    user, first, size = np.unique(data.user[order], return_index=True, return_counts=True)
    left = np.empty(len(data), "int64")  # items that the user takes after this one
    left[order] = np.repeat(first + size, size) - 1 - np.arange(len(data))
    long = np.isin(data.user, user[size >= 3 * ahead])
    parts = [long & (left < ahead), long & (left >= ahead) & (left < 2 * ahead)]
    test, validation = (data.select(part) for part in parts)
    return Split(data.select(~parts[0] & ~parts[1]), validation, test, f"last {ahead} items")


def trained(name, changes, folder):
    """The best epoch of a run of a config whose split is `last_items`, and the split."""
    from kerasrec import models
    from kerasrec.config import load_config
    from kerasrec.training import run
    from kerasrec.training.read_data import read_data

    given = [f"train.monitor=recall@{AHEAD}", f"evaluate.ks=[{AHEAD}]", "evaluate.baselines=[]"]
    config = load_config(CONFIGS / f"{name}.yaml", [*changes, *given])
    splits = []

    def read(config, base):
        data = read_data(config.data, base)
        splits.append(last_items(data, AHEAD))
        return data, splits[0]

    found, *_ = run(config, folder, say=lambda line: None, progress=False, read=read)
    return models.load(found.checkpoint), splits[0]


def shares(model, split):
    """For each query the share of its true items among as many answers."""
    from kerasrec.evaluation.inputs import query_inputs

    queries = split.queries("test")
    inputs = query_inputs(model, queries, np.arange(len(queries)))
    seen = queries.history.padded()
    rows, _ = model.top_k(inputs, AHEAD, exclude=seen)
    return found_of(rows, queries)


def found_of(rows, queries):
    truth = queries.truth.padded(AHEAD)
    hits = (rows[:, :, None] == truth[:, None]) & (rows > 0)[:, :, None]
    return hits.sum(axis=(1, 2)) / (truth > 0).sum(axis=1)


def repeated(model, split):
    """`shares` of a model that is asked again and again, with its answer behind the history."""
    from kerasrec.evaluation.inputs import query_inputs

    queries = split.queries("test")
    inputs = query_inputs(model, queries, np.arange(len(queries)))
    seen, written = queries.history.padded(), []
    for _ in range(AHEAD):
        rows, _ = model.top_k(inputs, 1, exclude=seen)
        written.append(rows)
        seen = np.concatenate([seen, rows], axis=1)
        inputs = behind(inputs, rows[:, 0])
    return found_of(np.concatenate(written, axis=1), queries)


def behind(inputs, rows):
    """Padded histories with one more item each, with no more known; full ones lose a step."""
    from kerasrec.data.query_spec import QUERY_INPUTS

    full, longer = inputs["history"][:, -1] > 0, {}
    places = np.where(full, -1, (inputs["history"] > 0).sum(axis=1))
    for name, value in inputs.items():
        longer[name] = np.where(full[:, None], np.roll(value, -1, axis=1), value)
        last = rows if name == "history" else QUERY_INPUTS[name].missing
        longer[name][np.arange(len(rows)), places] = last
    return longer


def searched(model, split, beams, steps):
    """`shares` of a Seq2Seq that searches otherwise; one step is a ranking by the first item."""
    search = model.beam_search
    before = search.beams, search.steps
    search.beams, search.steps = beams, steps
    try:
        return shares(model, split)
    finally:
        search.beams, search.steps = before


def one_seed(data, changes, say):
    """Shares of all ways to answer."""
    found = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        say(f"{data}/{SEQUENCE} {' '.join(changes)}")
        model, split = trained(f"{data}/{SEQUENCE}", changes, folder / SEQUENCE)
        found[BEAM] = shares(model, split)
        found[GREEDY] = searched(model, split, 1, model.horizon)
        found[FIRST] = searched(model, split, 1, 1)
        say(f"{data}/{ONE_STEP} {' '.join(changes)}")
        model, split = trained(f"{data}/{ONE_STEP}", changes, folder / ONE_STEP)
        found[OTHER], found[REPEATED] = shares(model, split), repeated(model, split)
    return found


def measure(arguments, say):
    data, changes, seeds = arguments.data, list(arguments.set), arguments.seeds
    if arguments.quick:
        data, seeds = "synthetic", 1
        changes += ["data.options={users: 200, items: 100}", "model.dim=8", "train.epochs=2"]
    found = [one_seed(data, [*changes, f"train.seed={seed}"], say) for seed in range(seeds)]
    rows = []
    for name in (BEAM, GREEDY, FIRST, OTHER, REPEATED):
        note = "" if name == BEAM else lead(found, name)
        rows.append(Row(name, tuple(float(one[name].mean()) for one in found), note))
    table = Table(f"The next {AHEAD} items of {data}", f"recall@{AHEAD}", tuple(rows), BEAM)
    bars = [
        Bar(f"{BEAM} over {name}", 1 / ratio if ratio else None, 1.0, at_least=True)
        for name in (FIRST, OTHER, REPEATED)
        for ratio in [table.ratio(name, BEAM)]
    ]
    settings = {"data": data, "seeds": seeds, "queries": len(found[0][BEAM])}
    return Report("Sequences beside repeated single steps", settings, [table], bars)


def lead(found, name):
    """What beam search is ahead, with the 95% interval of the paired differences."""
    ahead = [one[BEAM] - one[name] for one in found]
    error = statistics.mean(float(each.std()) / np.sqrt(len(each)) for each in ahead)
    mean = statistics.mean(float(each.mean()) for each in ahead)
    return f"beam search {mean:+.4f} [{mean - 1.96 * error:+.4f}, {mean + 1.96 * error:+.4f}]"
