"""The README.md of a checkpoint: its card."""

import inspect
import json

import keras

import kerasrec
from kerasrec.config.model_class import TRUSTED
from kerasrec.data.vocabulary import FIRST

USE = """\
## Use

In this folder, with Python:

```python
from kerasrec.models import load

model = load({load})
known = model.users.vocabulary.ids
model.recommend(users=list(known[:1]), k={k})
```

On the command line, and for TF Serving:

```sh
kerasrec recommend . --user ID{trust}
kerasrec export . ../exported{trust}
kerasrec serve ../exported
```
"""


def card(model, class_name, run=None):
    """The text of a checkpoint's card: facts about this model and its run only.

    Args:
        model: An adapted `Recommender`.
        class_name: Dotted name of its class, as in `config.json`.
        run: Dict of plain values from `kerasrec fit`: `dataset`, `data` (sentences), `split` (None
            where nothing was held out), `seed`, `epochs`, `best_epoch`, and `evaluations`, each the
            dict of `Evaluation.to_dict`. None for a model of no run.

    Returns:
        Markdown, without a licence and without links.
    """
    trusted = class_name.startswith(TRUSTED)
    use = USE.format(
        load='"."' if trusted else '".", trust=True',
        k=min(10, model.schema.num_items - FIRST),
        trust="" if trusted else " --trust",
    )
    if not trusted:
        use += (
            f"\n`{class_name}` is a class from outside kerasrec: `trust` imports it, which runs "
            "its code.\n"
        )
    parts = [
        f"# {type(model).__name__}",
        _first_paragraph(type(model)),
        _table(["", ""], _facts(model, class_name)),
        "This folder holds the ids of users and items and the history of each user.",
        "## Arguments",
        _table(["argument", "value"], _arguments(model)),
        *(_measured(run) if run else ["This model was saved without an evaluation."]),
        use,
    ]
    return "\n\n".join(part for part in parts if part)


def _first_paragraph(cls):
    return (inspect.getdoc(cls) or "").partition("\n\n")[0]


def _facts(model, class_name):
    schema = model.schema
    features = [feature.name for feature in (*schema.item_features, *schema.user_features)]
    return [
        ("class", f"`{class_name}`"),
        ("parameters", f"{model.count_params():,}"),
        ("users", f"{schema.num_users - FIRST:,}"),
        ("items", f"{schema.num_items - FIRST:,}"),
        ("interactions", f"{len(model.histories.items):,}"),
        ("features", ", ".join(features) or "none"),
        *(("context", f"`{name}`") for name in model.context if name in model.query_inputs),
        ("written by", f"kerasrec {kerasrec.__version__}, Keras {keras.__version__}"),
    ]


# Arguments of every model, which say nothing of a part.
HIDDEN = {"schema", "name", "repeats", "dtype"}


def _arguments(model):
    config = {k: v for k, v in model.get_config().items() if k not in ("schema", "name")}
    config["history_length"] = model.schema.history_length
    texts = {name: json.dumps(_shown(value), default=str) for name, value in config.items()}
    return [(f"`{name}`", f"`{text}`") for name, text in texts.items()]


def _shown(value):
    """Of models within a model, such as the parts of a `Blend`, their own arguments."""
    if isinstance(value, list):
        return [_shown(one) for one in value]
    if isinstance(value, dict) and {"class", "config"} <= set(value):
        own = {k: v for k, v in value["config"].items() if k not in HIDDEN}
        return {"class": value["class"].rpartition(".")[2]} | _shown(own)
    return {k: _shown(v) for k, v in value.items()} if isinstance(value, dict) else value


def _measured(run):
    trained = f"Seed {run['seed']}."
    if run["epochs"]:
        trained += f" Epoch {run['best_epoch']} of {run['epochs']} is here."
    source = f"{run['dataset']}, split by {run['split']}."
    if run["split"] is None:
        source = f"All of {run['dataset']}. Nothing was held out, so nothing was measured."
    return [
        "## Data and training",
        _list([source, *run["data"], trained]),
        *(part for evaluation in run["evaluations"] for part in _evaluation(evaluation)),
    ]


def _evaluation(evaluation):
    first, *others = evaluation["rows"]
    headers = ["metric", first["model"], "95 % interval", *(row["model"] for row in others)]
    rows = []
    for name in first["metrics"]:
        # A metric is None where it is not defined, such as AUC with one class.
        value, *more = (row["metrics"].get(name) or {} for row in evaluation["rows"])
        bounds = [_number(value.get(bound)) for bound in ("low", "high")]
        interval = "-" if "-" in bounds else " to ".join(bounds)
        means = [_number(one.get("mean")) for one in more]
        rows.append([name, _number(value.get("mean")), interval, *means])
    kind = "Ranking" if evaluation["ks"] else "Predicted values"
    kind, unit = ("Labels", "requests") if "tasks" in evaluation else (kind, "users")
    return [
        f"## {kind}: {evaluation['part']} part",
        f"{evaluation['n_queries']:,} {unit}, {evaluation['protocol']}.",
        _table(headers, rows),
        _list(evaluation["notes"]),
    ]


def _list(sentences):
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _number(value):
    return "-" if value is None else f"{value:.4f}"


def _table(headers, rows):
    rows = [headers, ["---"] * len(headers), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows
    )
