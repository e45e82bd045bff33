"""Runs `kerasrec fit` on a config and returns the metrics."""

import json
import pathlib
import tempfile

CONFIGS = pathlib.Path(__file__).parents[2] / "configs"


def run_config(name, changes=(), say=lambda line: None):
    """Runs `configs/NAME.yaml` with `key=value` changes and returns its `metrics.json`."""
    from kerasrec.config import load_config
    from kerasrec.training import run

    config = load_config(CONFIGS / f"{name}.yaml", [*changes, "evaluate.baselines=[]"])
    with tempfile.TemporaryDirectory() as folder:
        result, *_ = run(config, pathlib.Path(folder) / "run", say=say, progress=False)
        return json.loads(result.metrics.read_text(encoding="utf-8"))
