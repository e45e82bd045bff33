"""`kerasrec quickstart`: trains, evaluates and exports on a synthetic bookstore."""

import dataclasses
import json
import tempfile
import time

from kerasrec.cli.heavy import quiet_start
from kerasrec.savedmodel.versions import new_version

NAME = "quickstart"
HELP = "train, compare, recommend and export on synthetic data, in about a minute"

K = 10
# Model arguments, epochs, batch size, learning rate of Adam.
RECIPES = {
    "Popularity": ({}, 1, 1, 0.0),
    "ItemKNN": ({}, 1, 1, 0.0),
    "MatrixFactorization": ({"dim": 32, "candidates": "all"}, 4, 1024, 0.01),
    "Hybrid": ({"dim": 48, "id_dropout": 0.2}, 8, 64, 0.007),
}
HISTORY = 20
LATE = 0.92  # books that come out after this share of the time are not in train


def add_arguments(parser):
    parser.add_argument(
        "--export-to", metavar="DIR", default="saved_models/quickstart",
        help="folder for the export (default: %(default)s); a fresh number is made below it",
    )  # fmt: skip


def run(arguments, output):
    started = time.perf_counter()
    with quiet_start():
        from kerasrec.data.datasets.synthetic import Bookstore
        from kerasrec.data.splits import PROTOCOLS
        from kerasrec.evaluation import evaluate
        from kerasrec.export import export

    bookstore = Bookstore()
    data = bookstore.interactions()
    for line in data.report.lines():
        output.say(line)
    split, late = _without_late_books(PROTOCOLS["next-item"](data), data)
    output.say(f"{late} books that came out last are kept from the training: they are cold.")
    models, seconds = _fit_all(split, output)
    found = evaluate(models[-1], split, baselines=models[:-1])
    best = bookstore.best_possible(K)
    _show_table(found, seconds, best, output)
    shown = _show_recommendations(models[-1], split, output)

    with new_version(arguments.export_to) as folder:
        export(models[-1], folder)
    output.say(f"Exported: {folder} (in TensorFlow's C++ loader, the same answers as in Python)")
    lines = _serving_lines(folder, shown["history"])
    output.say("\n".join(lines))
    output.say(f"{time.perf_counter() - started:.0f} seconds in all.")
    output.result(
        {
            "data": data.report.to_dict(),
            "fit_seconds": seconds,
            "best_possible": best,
            "evaluation": found.to_dict(),
            "recommendations": shown,
            "export": str(folder),
            "curl": lines[-1].strip(),
        }
    )


def _without_late_books(split, data):
    """The split without the last books in train, as cold items, and their number."""
    import numpy as np

    first = np.full(len(data.items.vocabulary), data.timestamp[-1] + 1)
    np.minimum.at(first, data.item, data.timestamp)
    start, end = data.timestamp[0], data.timestamp[-1]
    late = (first > start + LATE * (end - start)) & (first <= end)
    train = split.train.select(~late[split.train.item])
    return dataclasses.replace(split, train=train), int(late.sum())


def _fit_all(split, output):
    import keras

    from kerasrec.config.model_class import find_model_class
    from kerasrec.config.train_node import TrainNode
    from kerasrec.training import RunFolder
    from kerasrec.training.fit import fit

    models, seconds = [], {}
    for name, (arguments, epochs, batch_size, learning_rate) in RECIPES.items():
        keras.utils.set_random_seed(0)
        started = time.perf_counter()
        model = find_model_class(name)(split.train.schema(HISTORY), **arguments)
        model.adapt(split.train)
        if model.trainable_weights:
            adam = {"class": "adam", "learning_rate": learning_rate}
            train = TrainNode(epochs=epochs, batch_size=batch_size, optimizer=adam)
            with tempfile.TemporaryDirectory() as temporary:
                fit(model, split, train, RunFolder(temporary), progress=not output.as_json)
        models.append(model)
        seconds[name] = time.perf_counter() - started
        output.say(f"{name} fitted in {seconds[name]:.1f} s")
    return models, seconds


def _show_table(found, seconds, best, output):
    rows = []
    for row in sorted(found.rows, key=lambda row: list(seconds).index(row["model"])):
        metrics, name = row["metrics"], row["model"]
        rows.append(
            [
                name,
                *(_interval(metrics[f"{metric}@{K}"]) for metric in ("recall", "ndcg")),
                *(_group(found, name, group) for group in ("hot", "cold")),
                f"{seconds[name]:.1f}",
            ]
        )
    rows.append(["best possible", _share(best["recall"]), _share(best["ndcg"]), "", "", ""])
    columns = ["", "Recall@10 [95 %]", "NDCG@10 [95 %]", "hot items", "cold items", "seconds"]
    title = f"The last book of {found.n_queries:,} readers, ranked among all they had not read"
    output.rows(columns, rows, title)
    output.say(
        "Hot and cold items: Recall@10 where the book was read 10 times or more, or never, in "
        "training.\nBest possible: a ranker that knows how the data was made."
    )


def _show_recommendations(model, split, output):
    queries = split.queries("test")
    rows = queries.history[0][-5:]
    vocabulary, titles = model.items.vocabulary, model.items.title_of(rows)
    user = str(model.users.vocabulary.lookup(queries.users[:1])[0])
    history = [str(item) for item in vocabulary.lookup(queries.history[0])]
    frame = model.recommend(histories=[history[-HISTORY:]], k=5, exclude=history)
    output.say()
    output.say(f"Because {user} read, the latest last:")
    for title in titles:
        output.say(f"  {title}")
    output.say("Hybrid recommends:")
    for rank, title, score in frame[["rank", "title", "score"]].itertuples(index=False):
        output.say(f"  {rank}. {title}  ({score:.2f})")
    output.say()
    return {
        "user": user,
        "history": history,
        "items": frame["item"].tolist(),
        "titles": frame["title"].tolist(),
        "scores": [float(score) for score in frame["score"]],
    }


def _serving_lines(folder, history):
    # TF Serving's REST needs every input, and each list must begin with padding.
    recent, older = ["", *history[-HISTORY:]], ["", *history[:-HISTORY]]
    body = {"user": [""], "history": [recent], "exclude": [older], "allow": [[""]], "k": [5]}
    # The model reads times; 0 is an unknown one, as in the recommendation above.
    body = {"inputs": {**body, "timestamp": [[0]], "repeats": [""]}}
    name = folder.parent.name
    mount = f"{folder.parent.resolve()}:/models/{name}"
    return [
        "Serve it, here or with TF Serving, and ask for the same:",
        f"  kerasrec serve {folder.parent}    # a page at http://localhost:8501",
        f"  docker run -p 8501:8501 -v {mount} -e MODEL_NAME={name} tensorflow/serving",
        f"  curl -X POST http://localhost:8501/v1/models/{name}:predict -d '{json.dumps(body)}'",
    ]


def _interval(value):
    return f"{_share(value['mean'])} [{_share(value['low'])}, {_share(value['high'])}]"


def _group(found, model, group):
    for row in found.groups:
        if (row["model"], row["by"], row["group"]) == (model, "item", group) and row["metrics"]:
            return _share(row["metrics"][f"recall@{K}"]["mean"])
    return "-"


def _share(value):
    # Without the zero before the point the table fits 100 columns.
    return f"{value:.3f}".removeprefix("0")
