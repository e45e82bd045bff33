import json

import pandas as pd
import pytest

from kerasrec.cli import main

CONFIG = """\
data: {path: clicks.csv, items: {path: books.csv, title: name}, history_length: 4}
model: {class: MatrixFactorization, dim: 4}
train: {epochs: 2, batch_size: 32}
evaluate: {ks: [5, 10], baselines: [Popularity]}
"""


@pytest.fixture
def kerasrec(capsys):
    """Runs the command in this process: status, stdout (parsed with --json) and stderr."""

    def run(*arguments):
        status = main([str(argument) for argument in arguments])
        out, error = capsys.readouterr()
        if "--json" in arguments:
            return status, json.loads(out) if out else None, error
        return status, out, error

    return run


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Twelve users who each take six of twelve items, a config, and a working directory."""
    monkeypatch.chdir(tmp_path)
    rows = [(f"u{u}", f"i{(u + step * (1 + u % 2)) % 12}") for u in range(12) for step in range(6)]
    pd.DataFrame(rows, columns=["user", "item"]).to_csv("clicks.csv", index=False)
    items = [f"i{n}" for n in range(12)]
    pd.DataFrame({"item": items, "name": [f"Item {n}" for n in range(12)]}).to_csv(
        "books.csv", index=False
    )
    (tmp_path / "run.yaml").write_text(CONFIG)
    return tmp_path
