"""`kerasrec list`."""

import ast
import importlib.util
import pathlib

import yaml

from kerasrec.errors import InputError
from kerasrec.files.saved_json import read_json

NAME = "list"
HELP = "list the models of the zoo, the data sets, and the configs and runs here"
# Bytes; metrics.json has some thousand.
MOST_METRICS = 2**24


def add_arguments(parser):
    parser.add_argument(
        "--search",
        metavar="TERM",
        help='only models, by name or a term of the field, such as "cold start" or 冷启动',
    )


def run(arguments, output):
    from kerasrec.data.datasets import NAMES

    if arguments.search is not None:
        found = search(models(), arguments.search)
        if not found:
            raise InputError(
                f"no model has the term {arguments.search!r}; `kerasrec list` shows all models, "
                "and their cards are in the folder of kerasrec_zoo"
            )
        output.rows(["model", ""], [(m["name"], m["summary"]) for m in found])
        output.result({"models": found})
        return
    found = {
        "models": models(),
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


def models():
    """Names, first lines and terms of the zoo's models.

    The first lines are read from source: importing is slow. The terms are those of the card.
    """
    folder = pathlib.Path(importlib.util.find_spec("kerasrec_zoo").origin).parent
    found = []
    for path in sorted(folder.glob("[!_]*.py")):
        card = path.with_suffix(".md").read_text(encoding="utf-8").split("---", 2)[1]
        terms = yaml.safe_load(card).get("terms", [])
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                summary = ast.get_docstring(node).partition("\n")[0]
                found.append({"name": node.name, "summary": summary, "terms": terms})
    return found


def search(models, term):
    """The models whose name, first line or terms contain a term; case does not matter."""
    term = " ".join(term.lower().split())
    texts = ((m, [m["name"], m["summary"], *m["terms"]]) for m in models)
    return [m for m, parts in texts if any(term in part.lower() for part in parts)]


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
