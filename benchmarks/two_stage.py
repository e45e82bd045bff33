"""A ranker behind a retriever on MovieLens 1M, next item, compared with the retriever alone.

    python -m benchmarks two_stage [--epochs 6] [--part validation]

The retriever is a small SASRec, trained on all of train. The ranker learns from the candidates of
an earlier SASRec that has not seen the last 5 items of each user in train: these are the clicks. It
is served behind the retriever of all of train. A DeepFM reads the retriever's score, the user and
the item with their features, and factors of both from everything but those last items: SASRec reads
the last 50 items, and the factors are of the whole history. When it is served, the factors of users
are those of what is known by then. The data has no times, so there is
neither the hour nor the time since the last item. Settings were chosen on the validation part. The
difference is paired by user, with the interval of 2,000 resamples of the users. KERASREC_DATA names
the data.

`--keep FOLDER` keeps both retrievers, and uses those that are there.
"""

import dataclasses
import pathlib
import tempfile

import numpy as np

from benchmarks.runner.report import Bar, Report, Row, Table

K, LAST, CANDIDATES, NEGATIVES, HISTORY = 10, 5, 100, 40, 50
RETRIEVER = "SASRec, the retriever alone"
SIZES = {"dim": 48, "num_blocks": 1, "num_heads": 1, "hidden_factor": 2, "dropout": 0.2}
RANKER = {"dim": 24, "mlp": (64,), "dropout": 0.3}
FACTORS = 48
RESAMPLES = 2000


def add_arguments(parser):
    parser.add_argument("--epochs", type=int, default=6, help="of each retriever")
    parser.add_argument("--ranker-epochs", type=int, default=2)
    parser.add_argument("--part", choices=["validation", "test"], default="test")
    parser.add_argument("--keep", metavar="FOLDER", help="folder of the retrievers")


def measure(arguments, say):
    from kerasrec.data import datasets, splits
    from kerasrec.evaluation import evaluate

    if arguments.quick:
        arguments.epochs = arguments.ranker_epochs = 1
        data = datasets.load("synthetic", users=200, items=150)
    else:
        data = datasets.load("ml-1m")
    split = splits.next_item(data)
    last = from_end(split.train) < LAST
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(arguments.keep or folder)
        early = retriever(split, ~last, arguments.epochs, folder / "early", say)
        full = retriever(split, last | True, arguments.epochs, folder / "full", say)
    known = split.train
    if arguments.part == "test":
        known = known.concat(split.validation)
    both, note = two_stage(early, full, split.train, last, known, arguments.ranker_epochs, say)
    say(f"evaluating on {arguments.part}")
    name = f"{type(both.ranker).__name__} on {CANDIDATES} candidates of it"
    found = evaluate(both, split, arguments.part, [K], baselines=[full])
    means = [row["metrics"][f"ndcg@{K}"]["mean"] for row in found.rows]
    gain = gains(both, split, arguments.part) - gains(full, split, arguments.part)
    low, high = interval(gain)
    words = f"{gain.mean():+.4f} [{low:+.4f}, {high:+.4f}]"
    rows = (Row(RETRIEVER, (means[1],)), Row(name, (means[0],), words))
    table = Table(f"{arguments.part}: {len(gain):,} users", f"ndcg@{K}", rows, RETRIEVER)
    bars = [
        Bar("gain over the retriever", float(gain.mean()), 0.003, at_least=True),
        Bar("lower end of its interval", float(low), 0.0, at_least=True),
    ]
    settings = {"epochs": arguments.epochs, "candidates": CANDIDATES, "part": arguments.part}
    return Report("Two stages", settings, [table], bars, [note])


def from_end(data):
    """How many interactions of the same user come after each, (n,)."""
    order, ends = np.argsort(data.user, kind="stable"), np.cumsum(data.user_counts())
    found = np.empty(len(data), np.int64)
    found[order] = ends[data.user[order]] - 1 - np.arange(len(data))
    return found


def retriever(split, rows, epochs, folder, say):
    """A SASRec of some rows of train, read from a folder if it is there."""
    import keras

    from kerasrec.config.train_node import TrainNode
    from kerasrec.models import load
    from kerasrec.training.fit import fit
    from kerasrec_zoo import SASRec

    if folder.exists():
        return load(folder)
    train = split.train.select(rows)
    # A given number of epochs: nothing is chosen while it is trained.
    own = dataclasses.replace(split, train=train, validation=train.select(slice(0)))
    keras.utils.set_random_seed(0)
    model = SASRec(train.schema(HISTORY), gated=True, **SIZES)
    model.adapt(train)
    node = TrainNode(
        epochs=epochs, batch_size=64, decay="linear", monitor=None, patience=None,
        optimizer={"class": "Adam", "learning_rate": 0.002},
    )  # fmt: skip
    say(f"SASRec of {len(train):,} interactions, {epochs} epochs")
    fit(model, own, node, None, progress=False)
    model.save(folder)
    return model


def two_stage(early, full, train, last, known, epochs, say):
    """`TwoStage` of the retriever `full`, with a ranker that learned behind `early`.

    It is served with the factors of users from what is `known`.
    """
    import keras

    from kerasrec.config.train_node import TrainNode
    from kerasrec.data import candidate_impressions
    from kerasrec.data.impression_split import no_split
    from kerasrec.models import TwoStage
    from kerasrec.training.fit_ranker import fit_ranker, lists_for
    from kerasrec_zoo import DeepFM

    shown = candidate_impressions(
        early, with_factors(train, ~last), last, num_candidates=CANDIDATES, negatives=NEGATIVES
    )
    for line in shown.report.lines():
        say(line)
    keras.utils.set_random_seed(0)
    model = DeepFM(shown.schema(HISTORY), **RANKER)
    model.adapt(shown)
    node = TrainNode(
        loss="list_softmax", epochs=epochs, batch_size=2048, monitor=None, patience=None,
        optimizer={"class": "auto", "learning_rate": 0.0006},
    )  # fmt: skip
    lists = lists_for(model, shown, node.loss)
    fit_ranker(model, no_split(shown), node, progress=False, lists=lists)
    model.user_catalog.assign(with_factors(train, ~last, known).users.columns)
    return TwoStage(full, model, num_candidates=CANDIDATES), shown.report.notes[0]


def with_factors(train, rows, known=None):
    """`train` with a vector more of each user and item, factors of who took what in some rows.

    The factors of items are of these rows. Those of users are folded in from what is `known` of
    them, which is the same rows if it is not given.
    """
    import scipy.sparse

    past = train.select(rows)
    known = past if known is None else known
    shape = len(train.users), len(train.items)
    size = min(FACTORS, *(number // 2 for number in shape))
    scale = scipy.sparse.diags(np.maximum(past.item_counts(), 1) ** -0.5)

    def scaled(data):
        taken = scipy.sparse.csr_matrix((np.ones(len(data)), (data.user, data.item)), shape)
        return scipy.sparse.diags(np.maximum(data.user_counts(), 1) ** -0.5) @ taken @ scale

    _, values, items = scipy.sparse.linalg.svds(scaled(past), size, random_state=0)
    sides = {"users": scaled(known) @ items.T / np.sqrt(values), "items": items.T * np.sqrt(values)}
    catalogs = {side: with_vector(getattr(train, side), one) for side, one in sides.items()}
    return dataclasses.replace(train, **catalogs)


def with_vector(catalog, vectors):
    """A catalog with one vector more of each row, all of one length, and without its texts."""
    from kerasrec.data import FeatureEncoder

    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    vectors = vectors / np.maximum(length, 1e-9) * np.sqrt(vectors.shape[1]) / 2
    vectors[:2] = 0
    encoder = FeatureEncoder.fit("factors", vectors[2:], "vector")
    kept = {n: one for n, one in catalog.encoders.items() if one.feature.kind != "text"}
    return dataclasses.replace(
        catalog,
        encoders={**kept, "factors": encoder},
        columns={**{name: catalog.columns[name] for name in kept}, "factors": vectors.astype("f4")},
    )


def gains(model, split, part):
    """NDCG@10 of each query, which has one true item."""
    from kerasrec.evaluation.inputs import query_inputs
    from kerasrec.metrics import ndcg

    queries = split.queries(part)
    inputs = query_inputs(model, queries, np.arange(len(queries)))
    rows, _ = model.top_k(inputs, K, exclude=queries.history.padded())
    return ndcg(rows == queries.truth.padded(1), np.ones(len(rows)), K)


def interval(gain):
    """The 95 % interval of a mean over users, by resampling them."""
    random = np.random.default_rng(0)
    means = [gain[random.integers(0, len(gain), len(gain))].mean() for _ in range(RESAMPLES)]
    return np.quantile(means, (0.025, 0.975))
