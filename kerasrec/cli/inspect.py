"""`kerasrec inspect DIR`."""

import json

from kerasrec.errors import InputError
from kerasrec.savedmodel.metadata import METADATA, read_metadata
from kerasrec.savedmodel.versions import find_version

NAME = "inspect"
HELP = "show the inputs and outputs of an export, and where it comes from"
RUN_FACTS = ("dataset", "seed", "commit")
FACTS = ("model", "created", "num_items", "num_users", "max_k", "stored_histories", "repeats")


def add_arguments(parser):
    parser.add_argument("directory", metavar="DIR", help="export, or folder of a model's versions")


def run(arguments, output):
    directory = find_version(arguments.directory)
    about = read_metadata(directory)
    try:
        rows, signatures = _rows(about), _signatures(about)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise InputError(
            f"{directory}: {METADATA} is not what an export writes: {error!r}"
        ) from error
    size = sum(path.stat().st_size for path in directory.rglob("*") if path.is_file())
    rows = [("folder", directory), *rows, ("size", f"{size / 2**20:.1f} MiB")]
    output.rows(["export", ""], rows)
    output.rows(["signature", "", "name", "dtype", "shape", "default"], signatures)
    output.result({"folder": str(directory), "bytes": size, **about})


def _rows(about):
    run = about["run"] or {}
    rows = [(name, about[name]) for name in FACTS if name in about]
    rows += [("index", _line(about["index"]))]
    rows += [(f"context {name}", _feature(one)) for name, one in about.get("context", {}).items()]
    rows += [(f"task {name}", kind) for name, kind in about.get("tasks", {}).items()]
    rows += [(f"sha256 of {name}", _line(value)) for name, value in about["sha256"].items()]
    rows += [(name, _line(run[name])) for name in RUN_FACTS if name in run]
    rows += [("run config", run["config"])] if run else []
    metrics = run.get("metrics") or {}
    rows += [
        (name, _interval(value)) for name, value in metrics.items() if value["mean"] is not None
    ]
    rows.append(("written with", _line(about["versions"])))
    return rows


def _signatures(about):
    return [
        (name, side, key, x["dtype"], _shape(x["shape"]), _default(x))
        for name, sides in about["signatures"].items()
        for side in ("inputs", "outputs")
        for key, x in sides[side].items()
    ]


def _feature(described):
    kind, values = described["kind"], described.get("values")
    return kind if values is None else f"{kind}, {len(values)} values"


def _interval(value):
    if value["low"] is None:
        return f"{value['mean']:.4f}"
    return f"{value['mean']:.4f} [{value['low']:.4f}, {value['high']:.4f}]"


def _line(value):
    if isinstance(value, dict):
        return ", ".join(f"{name} {one}" for name, one in value.items())
    return "-" if value is None else value


def _shape(shape):
    return "(" + ", ".join("any" if size is None else str(size) for size in shape) + ")"


def _default(tensor):
    return json.dumps(tensor["default"]) if "default" in tensor else ""
