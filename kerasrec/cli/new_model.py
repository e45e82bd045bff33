"""`kerasrec new-model NAME`: the files of a new zoo model, which already runs."""

import keyword
import pathlib
import re

from kerasrec.errors import InputError

NAME = "new-model"
HELP = "write the files of a new zoo model into a checkout of kerasrec: a small model that runs"

SHAPES = ("retriever", "sequence", "neighbour", "joint")
PLACEHOLDER = "NewModel"
# What of the config and of the test depends on the shape.
MODEL = {
    "retriever": "dim: 32",
    "sequence": "dim: 48",
    "neighbour": "num_neighbours: 50",
    "joint": "dim: 32, num_negatives: 8, log_q: false",
}
LEARNING_RATE = {"retriever": 0.01, "sequence": 0.005, "joint": 0.003}
LOSS = {"retriever": "softmax", "sequence": "softmax", "joint": "bce"}
TRAIN = """\
train:
  epochs: 20
  batch_size: 64
  optimizer: {{class: auto, learning_rate: {rate}}}
  loss: {loss}
  monitor: ndcg@10
  patience: 3
"""
CONFIG = """\
# {name} on the invented bookstore.
#   kerasrec fit configs/synthetic/{stem}.yaml
# TODO hardware, seconds, and the NDCG@10 and Recall@10 that the run prints.
data: {{name: synthetic, history_length: 20}}
split: {{protocol: next-item}}
model: {{class: {name}, {arguments}}}
"""
CARD = """\
---
class: kerasrec_zoo.{name}
paper: "TODO"
task: next item
license: Apache-2.0
terms: [TODO]
configs: [configs/synthetic/{stem}.yaml]
results: []
---
# {name}

**Idea.** TODO one paragraph, and the formula.

**Blocks.** TODO the layers, and what they cost.

**Use.** `kerasrec fit configs/synthetic/{stem}.yaml`, or see the docstring.

**Results.** TODO what the run of each config printed, with seed, commit, minutes and hardware.

**Limits.** TODO what it cannot do, and where it departs from the paper.
"""
TEST = '''\
"""What is {name}'s own."""

import numpy as np
import pandas as pd
import pytest

from kerasrec.data import Interactions
from kerasrec_zoo import {name}

ROWS = [("u", "a"), ("u", "b"), ("v", "b"), ("v", "c")]
# TODO the score of item c for user u, worked out on paper from the formula in the docstring.
EXPECTED = None


def test_score_by_hand():
    if EXPECTED is None:
        pytest.fail(
            "work out by hand what the model scores for user u and item c of ROWS, from the "
            "formula and not from the code, and write the number to EXPECTED"
        )
    train = Interactions.from_frame(pd.DataFrame(ROWS, columns=["user", "item"]))
    model = {name}(train.schema(), {small})
    model.adapt(train)
{weights}    score = model.score(users=["u"], items=["c"])
    np.testing.assert_allclose(score, [EXPECTED], rtol=1e-5)
'''
WEIGHTS = """\
    for weight in model.trainable_weights:  # choose numbers that show the formula
        weight.assign(np.full(weight.shape, 0.5))
"""


def add_arguments(parser):
    parser.add_argument("name", metavar="NAME", help="of the class, such as GatedPool")
    parser.add_argument("--shape", required=True, choices=SHAPES)
    parser.add_argument("--directory", default=".", help="checkout of kerasrec (default: here)")


def run(arguments, output):
    name, shape = arguments.name, arguments.shape
    root = pathlib.Path(arguments.directory)
    skeleton = pathlib.Path(__file__).with_name("skeletons") / f"{shape}.py"
    code = skeleton.read_text(encoding="utf-8")
    stem = _stem(name, code)
    files = {
        f"zoo/{stem}.py": code.replace(PLACEHOLDER, name),
        f"zoo/{stem}.md": CARD.format(name=name, stem=stem),
        f"configs/synthetic/{stem}.yaml": _config(name, stem, shape),
        f"tests/zoo/test_{stem}.py": _test(name, shape),
    }
    index = _index(root, name, stem)
    for path in files:
        if (root / path).exists():
            raise InputError(f"{root / path} exists: take another name, or move it away")
    _write(root, {**files, "zoo/__init__.py": index})
    todo = _left_to_do(stem)
    output.say(f"{name} runs as it stands. Written below {root}:")
    for path in [*files, "zoo/__init__.py"]:
        output.say(f"  {path}")
    output.say("Left to do:")
    for line in todo:
        output.say(f"  - {line}")
    output.result({"name": name, "written": [*files, "zoo/__init__.py"], "todo": todo})


def _stem(name, code):
    """The file's name: words of the class joined by underscores."""
    if not re.fullmatch(r"[A-Z][A-Za-z0-9]*", name):
        raise InputError(
            f"{name!r} is no class name: expected letters and digits, the first a capital, such as "
            "GatedPool"
        )
    stem = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()
    if keyword.iskeyword(stem) or keyword.iskeyword(name):
        raise InputError(f"{name}: {stem} is a word of Python, take another name")
    if name != PLACEHOLDER and re.search(rf"\b{name}\b", code):
        raise InputError(f"{name} is a name that the model's own file uses, take another name")
    return stem


def _config(name, stem, shape):
    text = CONFIG.format(name=name, stem=stem, arguments=MODEL[shape])
    if shape in LOSS:
        text += TRAIN.format(rate=LEARNING_RATE[shape], loss=LOSS[shape])
    return text


def _test(name, shape):
    small = {"neighbour": "shrinkage=0.0", "joint": "dim=2, hidden=2"}.get(shape, "dim=2")
    weights = "" if shape == "neighbour" else WEIGHTS
    return TEST.format(name=name, small=small, weights=weights)


def _index(root, name, stem):
    """The text of zoo/__init__.py with the new line in its place."""
    path, setup = root / "zoo" / "__init__.py", root / "setup.cfg"
    places = [root / "configs" / "synthetic", root / "tests" / "zoo"]
    here = path.is_file() and setup.is_file() and all(place.is_dir() for place in places)
    if not here or "\nname = kerasrec\n" not in setup.read_text(encoding="utf-8"):
        raise InputError(
            f"{root} is no checkout of kerasrec: clone the repository and give its folder as "
            "--directory"
        )
    lines = path.read_text(encoding="utf-8").splitlines()
    if any(line.endswith(f" as {name}") for line in lines):
        raise InputError(f"{path} exports a {name} already: take another name")
    start = "from kerasrec_zoo."
    head = [line for line in lines if not line.startswith(start)]
    exports = [line for line in lines if line.startswith(start)]
    exports.append(f"{start}{stem} import {name} as {name}")
    return "\n".join([*head, *sorted(exports)]) + "\n"


def _write(root, files):
    """Writes all files or, where one cannot be written, none; the last is there already."""
    written = []
    try:
        for path, text in files.items():
            new = not (root / path).exists()
            written += [root / path] if new else []
            (root / path).write_text(text, encoding="utf-8")
    except OSError as error:
        for path in written:
            path.unlink(missing_ok=True)
        raise InputError(f"cannot write below {root}: {error}") from error


def _left_to_do(stem):
    return [
        f"zoo/{stem}.py: the formula, in the docstring and in the code; one line at its head",
        f"tests/zoo/test_{stem}.py: a score worked out by hand; it fails until it is there",
        f"pytest tests/zoo -k {stem.replace('_', '')!r} and pytest tests/zoo/test_{stem}.py",
        f"kerasrec fit configs/synthetic/{stem}.yaml; what it prints goes to the config's head",
        f"configs/ml-1m/{stem}.yaml, or another published data set, and a run of it",
        f"zoo/{stem}.md: idea, blocks, results, limits; `configs` and `results` at its head",
        "README.md: a row in the table of the zoo",
        "CHANGELOG.md: a line",
        "benchmarks/accuracy.py and docs/accuracy.md: the config, where a paper gives numbers",
    ]
