"""The steps of `python -m benchmarks scale`, each run once in a process of its own."""

import importlib
import os
import pathlib
import time

from benchmarks.peers.skewed_table import write_table

DIM, BATCH, HISTORY, SEQUENCE_BATCH, USERS = 32, 8192, 50, 256, 20_000
PREPARED, CHECKPOINT, EXPORT = "prepared", "mf", "export"  # folders


def setup(case):
    """Imports what a step needs; makes a function that runs it.

    That returns a dict: `seconds`, `busy` (seconds of processor, of children that ended too),
    `worked` (the number of rows, examples or users that the step worked on) and `parts`: dicts
    with `name`, `seconds` and `busy`.

    Case: `step` (a key of `STEPS`), `table` (a Parquet file), `rows` of it, `folder` of the
    results, `memory` for DuckDB in GiB and `steps` of SASRec.
    """
    run, modules = STEPS[case["step"]]
    for name in modules:
        importlib.import_module(name)

    def measured(_):
        laps = Laps()
        worked = run(case, pathlib.Path(case["folder"]), laps.end)
        return {
            "seconds": sum(part["seconds"] for part in laps.parts),
            "busy": sum(part["busy"] for part in laps.parts),
            "worked": int(worked),
            "parts": laps.parts,
        }

    return measured


class Laps:
    """Times of the parts of a step; a part begins where the one before ended."""

    def __init__(self):
        self.parts, self._last = [], self._now()

    def end(self, name):
        now = self._now()
        seconds, busy = (b - a for a, b in zip(self._last, now, strict=True))
        self.parts.append({"name": name, "seconds": seconds, "busy": busy})
        self._last = now

    def _now(self):
        return time.perf_counter(), sum(os.times()[:4])


def read_split(folder):
    from kerasrec.out_of_core import Prepared

    return Prepared(folder / PREPARED).split()


def read_histories(folder):
    """The histories of all parts, which a model that is served takes."""
    from kerasrec.out_of_core import Prepared

    return Prepared(folder / PREPARED).interactions().histories()


def train_batches(split, model, batch_size):
    from kerasrec.out_of_core import stream

    return stream(
        split.train,
        model.train_inputs,
        steps=model.steps,
        batch_size=batch_size,
        history_length=HISTORY,
        seed=0,
    )


def _write(case, folder, end):
    write_table(case["table"], case["rows"])
    end("write")
    return case["rows"]


def _prepare(case, folder, end):
    from kerasrec.out_of_core import prepare

    split = {"protocol": "next-item"}
    prepared = prepare(case["table"], folder / PREPARED, split=split, memory=case["memory"])
    end("prepare")
    return prepared.manifest["counts"]["rows_read"]


def _adapted(name, folder, end):
    import kerasrec_zoo
    from kerasrec.losses import Softmax
    from kerasrec.optimizers import LazyAdam

    split = read_split(folder)
    make = getattr(kerasrec_zoo, name)
    model = make(split.train.schema(HISTORY), dim=DIM, candidates="sampled")
    model.adapt(split.train)
    model.compile(LazyAdam(), Softmax())
    end("read and adapt")
    return split, model


def _fit_factors(case, folder, end):
    from kerasrec.models.checkpoints.checkpoint import save

    split, model = _adapted("MatrixFactorization", folder, end)
    model.fit(train_batches(split, model, BATCH), epochs=1, verbose=0)
    end("train")
    model.histories = read_histories(folder)
    save(model, folder / CHECKPOINT)
    end("save")
    return len(split.train)


def _fit_sequences(case, folder, end):
    split, model = _adapted("SASRec", folder, end)
    data = train_batches(split, model, SEQUENCE_BATCH)
    steps = min(case["steps"], int(data.cardinality()))
    model.fit(data.take(steps), epochs=1, verbose=0)
    end("train")
    return steps * SEQUENCE_BATCH


def _evaluate(case, folder, end):
    from kerasrec.evaluation import evaluate
    from kerasrec.models.checkpoints.checkpoint import load

    split, model = read_split(folder), load(folder / CHECKPOINT)
    end("read")
    found = evaluate(model, split, part="test", baselines=(), users=USERS)
    end("rank")
    return found.n_queries


def _export(case, folder, end):
    from kerasrec.export import export
    from kerasrec.models.checkpoints.checkpoint import load

    model = load(folder / CHECKPOINT)
    end("read")
    export(model, folder / EXPORT / "1")
    end("export and check")
    return len(model.histories.items)


# Step -> function, and the modules whose import is not measured.
STEPS = {
    "write": (_write, ["pyarrow.parquet"]),
    "prepare": (_prepare, ["duckdb", "kerasrec.out_of_core"]),
    "fit MF": (_fit_factors, ["kerasrec.training", "kerasrec.out_of_core", "kerasrec_zoo"]),
    "fit SASRec": (_fit_sequences, ["kerasrec.training", "kerasrec.out_of_core", "kerasrec_zoo"]),
    "evaluate": (_evaluate, ["kerasrec.evaluation", "kerasrec.out_of_core", "kerasrec_zoo"]),
    "export": (_export, ["kerasrec.export", "kerasrec_zoo"]),
}
