"""What a checkpoint says of itself to people: its README.md."""

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


def card(model, dotted, run=None):
    """The text of a checkpoint's card, which tells of this model and its run alone.

    Args:
        model: An adapted `Recommender`.
        dotted: Name of its class, as `config.json` has it.
        run: Of `kerasrec fit`, plain values: `dataset`, `data` (sentences), `split`, `seed`,
            `epochs`, `best_epoch`, and `evaluations`, each what `Evaluation.to_dict` gives; `split`
            is None where nothing was held out. None for a model of no run.

    Returns:
        Markdown. No licence is claimed, and nothing is linked.
    """
    own = dotted.startswith(TRUSTED)
    use = USE.format(
        load='"."' if own else '".", trust=True',
        k=min(10, model.schema.num_items - FIRST),
        trust="" if own else " --trust",
    )
    if not own:
        use += (
            f"\n`{dotted}` is a class from outside kerasrec: `trust` imports it, which runs it.\n"
        )
    parts = [
        f"# {type(model).__name__}",
        _first_paragraph(type(model)),
        _table(["", ""], _facts(model, dotted)),
        "The ids of users and items, and what each user did, are in this folder.",
        "## Arguments",
        _table(["argument", "value"], _arguments(model)),
        *(_measured(run) if run else ["Nobody has measured it: it was saved as it was."]),
        use,
    ]
    return "\n\n".join(part for part in parts if part)


def _first_paragraph(cls):
    return (inspect.getdoc(cls) or "").partition("\n\n")[0]


def _facts(model, dotted):
    features = [one.name for one in (*model.schema.item_features, *model.schema.user_features)]
    return [
        ("class", f"`{dotted}`"),
        ("numbers in its weights", f"{model.count_params():,}"),
        ("users", f"{model.schema.num_users - FIRST:,}"),
        ("items", f"{model.schema.num_items - FIRST:,}"),
        ("interactions it knows", f"{len(model.histories.items):,}"),
        ("features", ", ".join(features) or "none"),
        ("written by", f"kerasrec {kerasrec.__version__}, Keras {keras.__version__}"),
    ]


def _arguments(model):
    config = {k: v for k, v in model.get_config().items() if k not in ("schema", "name")}
    config["history_length"] = model.schema.history_length
    return [(f"`{name}`", f"`{json.dumps(value, default=str)}`") for name, value in config.items()]


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
        *(part for found in run["evaluations"] for part in _evaluation(found)),
    ]


def _evaluation(found):
    first, *others = found["rows"]
    heads = ["metric", first["model"], "95 % interval", *(row["model"] for row in others)]
    lines = []
    for name, value in first["metrics"].items():
        bounds = [_number(value[bound]) for bound in ("low", "high")]
        interval = "-" if "-" in bounds else " to ".join(bounds)
        means = [_number(row["metrics"].get(name, {}).get("mean")) for row in others]
        lines.append([name, _number(value["mean"]), interval, *means])
    kind = "Ranking" if found["ks"] else "Predicted values"
    return [
        f"## {kind}: {found['part']} part",
        f"{found['n_queries']:,} users, {found['protocol']}.",
        _table(heads, lines),
        _list(found["notes"]),
    ]


def _list(sentences):
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _number(value):
    return "-" if value is None else f"{value:.4f}"


def _table(heads, lines):
    rows = [heads, ["---"] * len(heads), *lines]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows
    )
