"""The steps of `python -m benchmarks impressions_scale`, each run once in a process of its own."""

import importlib
import pathlib

from benchmarks.peers.impressions_table import CATEGORIES, NUMBERS, write_table
from benchmarks.peers.scale_steps import Laps

DIM, MLP, BATCH = 8, (32,), 8192
CONTEXT = {name: {"kind": "category"} for name in CATEGORIES}
CONTEXT |= {name: {"kind": "number"} for name in NUMBERS} | {
    "age": {"kind": "number", "buckets": 20}
}


def setup(case):
    """Imports what a step needs; makes a function that runs it, as of `scale_steps`.

    Case: `step` ("write", "memory", "prepare" or "disk"), `table` (a Parquet file), `rows` of it
    and `folder` of the results.
    """
    for name in ("duckdb", "pyarrow.parquet", "kerasrec.training", "kerasrec_zoo"):
        importlib.import_module(name)

    def measured(_):
        laps = Laps()
        STEPS[case["step"]](case, pathlib.Path(case["folder"]), laps.end)
        return {
            "seconds": sum(part["seconds"] for part in laps.parts),
            "busy": sum(part["busy"] for part in laps.parts),
            "worked": case["rows"],
            "parts": laps.parts,
        }

    return measured


def _write(case, folder, end):
    write_table(case["table"], case["rows"])
    end("write")


def _prepared(case, folder):
    from kerasrec.out_of_core import prepare_impressions

    return prepare_impressions(case["table"], folder / "prepared", context=CONTEXT)


def _prepare(case, folder, end):
    _prepared(case, folder)
    end("prepare")


def _memory(case, folder, end):
    from kerasrec.data import Impressions, impression_batches

    data = Impressions.from_frame(case["table"], context=CONTEXT)
    end("read")
    _train(data, impression_batches, end)


def _disk(case, folder, end):
    from kerasrec.out_of_core import stream_impressions

    data = _prepared(case, folder).impressions()
    end("encode")
    _train(data, stream_impressions, end)


def _train(data, batches, end):
    """Splits by time, trains an epoch of DeepFM and evaluates it."""
    from kerasrec.data.impression_split import by_time
    from kerasrec.evaluation.impressions import evaluate_ranker
    from kerasrec.losses import MaskedBinaryCrossentropy
    from kerasrec.optimizers import LazyAdam
    from kerasrec_zoo import DeepFM

    split = by_time(data, validation=0.0, test=0.02)
    end("split")
    model = DeepFM(split.train.schema(), dim=DIM, mlp=MLP)
    model.adapt(split.train)
    model.compile(LazyAdam(), {"click": MaskedBinaryCrossentropy()})
    end("adapt")
    batches = batches(split.train, inputs=model.train_inputs, batch_size=BATCH)
    model.fit(batches, epochs=1, verbose=0)
    end("epoch")
    evaluate_ranker(model, split, bootstrap=0)
    end("evaluate 2 %")


STEPS = {"write": _write, "memory": _memory, "prepare": _prepare, "disk": _disk}
