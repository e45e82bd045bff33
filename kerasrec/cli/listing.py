"""`kerasrec list`."""

import ast
import importlib.util
import pathlib

from kerasrec.files.saved_json import read_json

NAME = "list"
HELP = "list the models of the zoo, the data sets, and the configs and runs here"
# Bytes; metrics.json has some thousand.
MOST_METRICS = 2**24


def add_arguments(parser):
    del parser


def run(arguments, output):
    from kerasrec.data.datasets import NAMES

    found = {
        "models": _models(),
        "datasets": sorted(NAMES),
        "configs": _configs(pathlib.Path("configs")),
        "runs": _runs(pathlib.Path("runs"), output),
    }
    output.rows(["model", ""], [(m["name"], m["summary"]) for m in found["models"]])
    output.rows(["data set"], [[name] for name in found["datasets"]])
    output.rows(["config", ""], [(c["path"], c["summary"]) for c in found["configs"]])
    output.rows(
        ["run", "NDCG@10", "epochs"],
        [
            (run["path"], _score(run), "" if run["epochs"] is None else run["epochs"])
            for run in found["runs"]
        ],
    )
    output.result(found)


def _models():
    """Names and first lines of the zoo's classes, read from source: importing them is slow."""
    folder = pathlib.Path(importlib.util.find_spec("kerasrec_zoo").origin).parent
    return [
        {"name": node.name, "summary": ast.get_docstring(node).partition("\n")[0]}
        for path in sorted(folder.glob("[!_]*.py"))
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    ]


def _configs(folder):
    found = []
    for path in sorted(folder.rglob("*.yaml")):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        summary = first.lstrip("# ") if first.startswith("#") else ""
        found.append({"path": path.as_posix(), "summary": summary})
    return found


def _runs(folder, output):
    found = []
    for path in sorted(folder.glob("*/config.yaml")):
        one = {"path": path.parent.as_posix(), "ndcg@10": None, "epochs": None}
        one["state"] = "not finished"
        metrics = path.with_name("metrics.json")
        if metrics.exists():
            try:
                run = read_json(metrics, most=MOST_METRICS)
                score = None
                if run.get("protocol") != "none":  # which measures nothing
                    score = run["rows"][0]["metrics"].get("ndcg@10", {}).get("mean")
                one |= {"ndcg@10": score, "epochs": run["epochs"], "state": "finished"}
            except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
                output.note(f"{metrics.as_posix()} is damaged: {type(error).__name__}: {error}")
                one["state"] = "damaged"
        found.append(one)
    return found


def _score(run):
    if run["state"] != "finished":
        return run["state"]
    return "-" if run["ndcg@10"] is None else f"{run['ndcg@10']:.4f}"
