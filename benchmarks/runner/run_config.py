"""Runs `kerasrec fit` on a config, or a baseline on its data, and returns the metrics."""

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


def run_baseline(name, baseline, changes=()):
    """Fits a baseline of rankers to the data of `configs/NAME.yaml`; returns as `run_config`."""
    from kerasrec.config import load_config
    from kerasrec.evaluation.impressions import evaluate_ranker
    from kerasrec.training.ranker_baselines import BASELINES
    from kerasrec.training.read_impression_split import read_impression_split

    config = load_config(CONFIGS / f"{name}.yaml", [*changes])
    split = read_impression_split(config)[1]
    model = BASELINES[baseline](seed=config.train.seed).adapt(split.train)
    return evaluate_ranker(model, split, bootstrap=0, groups=False).to_dict()
