"""Fit time of the collaborative filtering models compared with well-known libraries.

    python -m benchmarks fit_time --models als item_knn

KERASREC_DATA names the folder of the data: MovieLens 1M in the version of the NCF paper, and the
ratings of MovieLens 100K. A fit starts from the data in the format of its library and from a
constructed model. For kerasrec it is `adapt`, or `model.fit` that was traced before the clock
starts.
"""

import dataclasses
import pathlib
import tempfile

import numpy as np

from benchmarks.runner.report import Bar, Report, Table
from benchmarks.runner.turns import Peer, Turns
from benchmarks.runner.worker import add_pythons

OURS = "kerasrec"
MODULES = {"classic": "classic_models", "recbole": "recbole_fits"}
DATA = {"clicks": "ml-1m-ncf", "ratings": "ml-100k"}


@dataclasses.dataclass(frozen=True)
class Line:
    """One model and the libraries it is compared with.

    Args:
        title: Title of its table.
        data: A key of `DATA`.
        ours: Case of `peers.kerasrec_fits`.
        theirs: Name and case of each other library; ours is compared with the first.
        library: Key of `MODULES` of the other libraries.
        epochs: Epochs of a fit.
        batch: Pairs per step; if given, some steps are measured and scaled to an epoch.
    """

    title: str
    data: str
    ours: dict
    theirs: tuple = ()
    library: str = "classic"
    epochs: int | None = None
    batch: int | None = None


def solved(name, **arguments):
    return {"class": name, "arguments": arguments}


def trained(model, loss, optimizer, learning_rate, **rest):
    given = {"loss": loss, "optimizer": optimizer, "learning_rate": learning_rate}
    return {**model, **given, **rest}


def surprise(name, **arguments):
    return f"Surprise {name}", {"library": "surprise", "class": name, "arguments": arguments}


def implicit(what, name, **arguments):
    arguments["num_threads"] = 0  # all
    return f"implicit {what}", {"library": "implicit", "class": name, "arguments": arguments}


def recbole(model, batch, negatives, rows, **arguments):
    case = {"class": model, "arguments": arguments, "batch": batch, "negatives": negatives}
    return f"RecBole {model}, Adam", {**case, "rows": rows, "learning_rate": 0.001}


def user_knn(baseline):
    return solved(
        "UserKNN",
        num_neighbours=40, task="rating", similarity="msd", shrinkage=0.0, baseline=baseline,
    )  # fmt: skip


ALS = {"factors": 64, "iterations": 5, "regularization": 0.01}
OUR_ALS = {
    "dim": 64,
    "epochs": 5,
    "l2": 0.01,
    "l2_exponent": 0.0,
    "unobserved_weight": 1.0,
    "alpha": 1.0,
}
MSD = {"k": 40, "sim_options": {"name": "msd"}}
MEANS = {"method": "als", "n_epochs": 10, "reg_i": 10, "reg_u": 15}
NEUMF, LIGHT_GCN = 1024, 8192
MODELS = {
    "als": Line(
        "ImplicitALS: 64 factors, 5 turns, confidence 2, exact",
        "clicks",
        solved("ImplicitALS", **OUR_ALS),
        (implicit("ALS, exact", "ALS", **ALS, use_cg=False),),
        epochs=5,
    ),
    "als_cg": Line(
        "ImplicitALS: 64 factors, 5 turns, confidence 2, 3 steps of conjugate gradients",
        "clicks",
        solved("ImplicitALS", **OUR_ALS, cg_steps=3),
        (implicit("ALS, 3 steps of CG, its default", "ALS", **ALS, use_cg=True),),
        epochs=5,
    ),
    "item_knn": Line(
        "ItemKNN: cosine, 100 neighbours",
        "clicks",
        solved("ItemKNN", num_neighbours=100, shrinkage=0.0),
        (implicit("CosineRecommender", "Cosine", K=100),),
    ),
    "ease": Line("EASE", "clicks", solved("EASE")),
    "mf": Line(
        "MatrixFactorization for ratings: 100 factors, biases, 20 epochs",
        "ratings",
        trained(solved("MatrixFactorization", dim=100, candidates="pair", l2=0.02),
                "MeanSquaredError", "LazyAdam", 0.002, batch=1024, epochs=20),
        (surprise("SVD", n_factors=100, n_epochs=20),),
        epochs=20,
    ),
    "bayesian_mf": Line(
        "BayesianMF: 10 factors, biases, 20 epochs",
        "ratings",
        solved("BayesianMF", dim=10, epochs=20),
        (surprise("SVD", n_factors=100, n_epochs=20),),
        epochs=20,
    ),
    "nmf": Line(
        "NMF: rank 15, 50 epochs",
        "ratings",
        solved("NMF", rank=15, epochs=50, l2=0.06),
        (surprise("NMF", n_factors=15, n_epochs=50),),
        epochs=50,
    ),
    "user_knn": Line(
        "UserKNN for ratings: msd, 40 neighbours",
        "ratings",
        user_knn("none"),
        (surprise("KNNBasic", **MSD),),
    ),
    "user_knn_baseline": Line(
        "UserKNN for ratings: msd, 40 neighbours, baseline",
        "ratings",
        user_knn("biases"),
        (surprise("KNNBaseline", **MSD),),
    ),
    "damped_mean": Line(
        "DampedMean: 10 sweeps",
        "ratings",
        solved("DampedMean", item_damping=10.0, user_damping=15.0, sweeps=10),
        (surprise("BaselineOnly", bsl_options=MEANS),),
    ),
    "neumf": Line(
        "NeuMF, an epoch: dim 64, MLP 128-64-32, batch 1024, 4 negatives",
        "clicks",
        trained(solved("NeuMF", dim=64, mlp=[128, 64, 32], num_negatives=4),
                "BinaryCrossentropy", "LazyAdam", 0.001, batch=NEUMF, steps=16),
        # A batch of RecBole includes the negatives: five labels per pair.
        (recbole("NeuMF", NEUMF, 4, 5, mf_embedding_size=64, mlp_embedding_size=64,
                 mlp_hidden_size=[128, 64, 32], dropout_prob=0.0),),
        "recbole",
        batch=NEUMF,
    ),
    "light_gcn": Line(
        "LightGCN, an epoch: dim 64, 3 layers, batch 8192, BPR, 1 negative",
        "clicks",
        trained(solved("LightGCN", dim=64, num_layers=3, candidates="sampled", num_negatives=1,
                       log_q=False),
                "BPR", "Adam", 0.001, batch=LIGHT_GCN, steps=1),
        (recbole("LightGCN", LIGHT_GCN, 1, 1, embedding_size=64, n_layers=3, reg_weight=0.0),),
        "recbole",
        batch=LIGHT_GCN,
    ),
}  # fmt: skip
NOTES = [
    "Smaller is faster: a ratio below 1 is faster than the other library.",
    "BayesianMF has 10 factors and no regularization to tune; its error is smaller than of SVD.",
    "implicit has all cores; PyTorch one thread or all, whichever was faster in the warm-up.",
    "MatrixFactorization uses batches of 1024 with LazyAdam, Surprise's SVD single pairs.",
    "NeuMF's 4 negatives are shared by a batch, RecBole draws them for each pair; both score as "
    "many pairs. RecBole's epochs are those of its data loader, sampling included.",
]


def add_arguments(parser):
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    add_pythons(parser, MODULES)


def write_table(kind, path, quick):
    """Writes the interactions of a key of `DATA` and returns their number."""
    from kerasrec.data import load

    data = load("synthetic", users=50, items=100) if quick else load(DATA[kind])
    columns = {name: getattr(data, name) for name in ("user", "item", "value")}
    np.savez(path, **columns, num_users=len(data.users), num_items=len(data.items))
    return len(data)


def peers_of(line, data):
    ours = {**line.ours, "data": str(data)}
    yield Peer(OURS, "keras", "kerasrec_fits", ours, multiple=ours.get("steps", 1))
    for name, case in line.theirs:
        yield Peer(name, line.library, MODULES[line.library], {**case, "data": str(data)})


def scale_of(line, count):
    """Function from seconds and count to seconds of one fit, or of one epoch for steps."""
    each = -(-count // line.batch) if line.batch else 1
    return lambda seconds, times: seconds / times * each


def with_epoch_note(row, epochs):
    if not epochs or not row.samples:
        return row
    return dataclasses.replace(row, note=f"{row.median / epochs:.3f} s an epoch")


def measure(arguments, say):
    arguments.rounds = arguments.rounds or (2 if arguments.quick else 3)
    tables, bars = [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        Turns(arguments, 0.02 if arguments.quick else 1.0, say) as turns,
    ):
        paths = {kind: pathlib.Path(folder) / f"{kind}.npz" for kind in DATA}
        chosen = {name: MODELS[name] for name in arguments.models}
        counts = {
            kind: write_table(kind, paths[kind], arguments.quick)
            for kind in {line.data for line in chosen.values()}
        }
        for name, line in chosen.items():
            scale = scale_of(line, counts[line.data])
            rows, _ = turns.measure(name, list(peers_of(line, paths[line.data])), scale)
            rows = tuple(with_epoch_note(row, line.epochs) for row in rows)
            rival = line.theirs[0][0] if line.theirs else None
            source = "synthetic" if arguments.quick else DATA[line.data]
            table = Table(f"{line.title}\n{source}", "s", rows, rival)
            tables.append(table)
            if rival and not arguments.quick:
                bars.append(Bar(f"{name} to {rival}", table.ratio(OURS, rival), 1.0))
    settings = {"rounds": arguments.rounds, "models": arguments.models}
    return Report("Fit time of collaborative filtering", settings, tables, bars, NOTES)
