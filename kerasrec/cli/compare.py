"""`kerasrec compare CONFIG ...`."""

import pathlib
import shlex

from kerasrec.cli.heavy import quiet_start
from kerasrec.errors import InputError

NAME = "compare"
HELP = "fit several configs on one split and show them in one table"


def add_arguments(parser):
    parser.add_argument(
        "configs", nargs="+", metavar="CONFIG", help="YAML files with the same data and split"
    )
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="changes to all of them: train.epochs=3"
    )
    parser.add_argument(
        "--runs", metavar="DIR", action="append", default=[],
        help="a run folder or a folder of them: a config that is finished there is not fitted "
        "again; may be given several times",
    )  # fmt: skip
    parser.add_argument(
        "--out", metavar="DIR", help="folder for table and plot (default: below runs/)"
    )


def run(arguments, output):
    from kerasrec.config import load_config

    paths = [one for one in arguments.configs if "=" not in one]
    changes = [one for one in arguments.configs if "=" in one] + arguments.overrides
    if not paths:
        raise InputError("name at least one config file")
    with quiet_start():
        configs = {name: load_config(path, changes) for name, path in _short_names(paths).items()}
        from kerasrec.training.compare.compare import compare
        from kerasrec.training.compare.comparison_table import comparison_table
        from kerasrec.training.runs.run_folder import dataset_stem, fresh_path

    first = next(iter(configs.values()))
    folder = arguments.out or fresh_path(pathlib.Path("runs") / f"compare-{dataset_stem(first)}")
    comparison = compare(
        configs,
        folder,
        arguments.runs,
        say=output.say,
        note=output.note,
        progress=not output.as_json,
    )
    output.table(comparison_table(comparison))
    output.say(f"Comparison folder: {folder}")
    if verdict := comparison.about["verdict"]:
        output.sentence(verdict["sentence"])
    output.result({"comparison": str(folder), **comparison.to_dict()})
    for name, message in comparison.failed.items():
        output.note(f"failed: {name}: {message}")
    if comparison.stopped:
        output.note(f"stopped; the rest with:\n  {_again(arguments, comparison)}")
        return 130
    return 1 if comparison.failed else 0


def _short_names(paths):
    """Dict of a short name for the table -> path: the file name, with folders where needed."""
    paths = list(dict.fromkeys(map(pathlib.Path, paths)))
    for parts in range(1, max(len(path.parts) for path in paths) + 1):
        names = {"/".join(path.with_suffix("").parts[-parts:]): path for path in paths}
        if len(names) == len(paths):
            return names
    return {str(path): path for path in paths}


def _again(arguments, comparison):
    """The command that fits the configs that are left."""
    runs = [row["run"] for row in comparison.rows if row["run"]]
    finished = [f"--runs={run}" for run in dict.fromkeys([*arguments.runs, *runs])]
    return shlex.join(["kerasrec", "compare", *arguments.configs, *arguments.overrides, *finished])
