"""`kerasrec export RUN DIR`."""

import pathlib

from kerasrec.cli.heavy import import_keras
from kerasrec.cli.saved import find_checkpoint
from kerasrec.errors import InputError
from kerasrec.files.file_hash import file_hash
from kerasrec.files.replacing import surviving
from kerasrec.savedmodel.versions import new_version
from kerasrec.whole_number import whole_number

NAME = "export"
HELP = "write a run's best checkpoint as a SavedModel for TF Serving"


def add_arguments(parser):
    parser.add_argument("source", metavar="RUN", help="run or checkpoint folder")
    parser.add_argument(
        "directory", metavar="DIR",
        help="folder of the model, such as saved_models/hybrid, below which the next version is "
        "made, or that of a version, such as saved_models/hybrid/3",
    )  # fmt: skip
    parser.add_argument(
        "-k", type=int, help="most items in an answer (default: 100, or all of fewer)"
    )
    parser.add_argument(
        "--index", choices=("exact", "ivf"), default="exact",
        help="ivf: look at a part of a large catalogue (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--recall", type=float, default=0.95, metavar="SHARE",
        help="share of the best items that ivf must find (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--storage", choices=("float32", "bfloat16"), default="float32",
        help="numbers of the item vectors (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--no-histories", action="store_true", help="leave out what each known user did"
    )
    parser.add_argument(
        "--keep", type=int, metavar="N", help="remove all but the newest N versions"
    )
    parser.add_argument(
        "--vectors", metavar="DIR", help="also write the item vectors for a search outside"
    )
    parser.add_argument(
        "--rules", metavar="FILE", help="YAML rules that re-rank the answers (docs/reranking.md)"
    )
    parser.add_argument("--trust", action="store_true", help="allow a model class outside kerasrec")


def run(arguments, output):
    if arguments.k is not None and arguments.k < 1:
        raise InputError(f"-k must be at least 1: got {arguments.k}")
    checkpoint = find_checkpoint(arguments.source)
    folder, number = _model_folder(pathlib.Path(arguments.directory))
    import_keras()
    from kerasrec.data.vocabulary import FIRST
    from kerasrec.export import export
    from kerasrec.export.vectors import export_vectors
    from kerasrec.models import Reranked, Rules, load

    rules = None if arguments.rules is None else Rules.from_yaml(arguments.rules)
    model = load(checkpoint, trust=arguments.trust)
    served = model if rules is None else Reranked(model, rules)
    if arguments.k is not None:  # before a version has its number
        whole_number(arguments.k, "-k", 1, model.schema.num_items - FIRST, "the number of items, ")
    busy = output.busy("writing the graph and comparing its answers with Python's")
    with new_version(folder, number, arguments.keep) as directory, busy:
        if arguments.vectors:
            export_vectors(model, arguments.vectors)
        report = export(
            served, directory, arguments.k, arguments.index, arguments.recall, arguments.storage,
            not arguments.no_histories, _run_facts(checkpoint),
        )  # fmt: skip
    if arguments.k is None and report["k"] < 100:
        output.say(f"The catalogue has {report['k']} items: no answer can have more.")
    output.say(
        f"{directory}: reloaded by TensorFlow's C++ loader, {report['requests']} requests differ "
        f"from Python by at most {report['difference']:.1e}"
    )
    for operation in report["foreign"]:
        output.note(f"{operation}: serve, verify and recommend need --trust for it")
    output.result({"export": str(directory), **report})


def _model_folder(directory):
    """`(folder, number)`: the folder of the model, and the version that the path names or None."""
    if directory.name.isascii() and directory.name.isdigit():
        return directory.parent, int(directory.name)
    if (directory / "saved_model.pb").exists():
        raise InputError(f"{directory} is a version itself: give the folder that it lies in")
    return directory, None


def _run_facts(checkpoint):
    """Facts of the run of a checkpoint, for the export's metadata; None where it has no run."""
    from kerasrec.training.runs.run_folder import RunFolder

    folder = RunFolder(checkpoint.parent)
    if surviving(folder.checkpoint) != checkpoint or not folder.config.is_file():
        return None
    metrics = folder.read_metrics() or {}
    row = next(iter(metrics.get("rows") or ()), {})
    names = (
        "dataset", "data", "seed", "commit", "minutes", "best_epoch", "queries", "leakage",
    )  # fmt: skip
    return {
        "config": file_hash(folder.config),
        **{name: metrics[name] for name in names if name in metrics},
        "metrics": row.get("metrics"),
        "ratings": metrics.get("ratings"),
    }
