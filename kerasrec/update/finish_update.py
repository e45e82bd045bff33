"""The steps of an update that has chosen its rows: train, export, judge, promote."""

import contextlib
import os
import pathlib

from kerasrec.export import export
from kerasrec.files.saved_json import read_json
from kerasrec.models.checkpoints import checkpoint
from kerasrec.savedmodel.metadata import read_metadata
from kerasrec.savedmodel.open_export import open_export
from kerasrec.savedmodel.versions import keep_versions
from kerasrec.training.run import run as fit_run
from kerasrec.training.runs.run_folder import RunFolder
from kerasrec.update.ask_export import ask_export, time_requests
from kerasrec.update.event_table import EventTable
from kerasrec.update.judgement import Judgement
from kerasrec.update.outcome import Outcome
from kerasrec.update.recent_queries import RecentQueries
from kerasrec.update.warm_config import warm_config


def finish_update(folder, record, plan, gate, say, progress):
    """Runs the steps that are left."""
    number, place = record["version"], folder.of(record["version"])
    source = RunFolder(folder.trained(record["serving"]).run)
    if record["state"] == "started":
        config = warm_config(
            source, place / "rows.parquet", record["warm"], plan.epochs, record["first_epochs"]
        )
        made = RunFolder(place / "run")
        fit_run(config, made.path, made.config.exists(), say, progress)
        record = _done(folder, record, "fitted")
    if record["state"] == "fitted":
        about = read_metadata(folder.model / str(record["serving"]))
        model = checkpoint.load(place / "run" / "checkpoint")
        index = "exact" if about["index"] is None else about["index"].get("kind", "exact")
        most = min(about["max_k"], model.schema.num_items - 2)
        export(
            model, place / "export", most, index, histories=about["stored_histories"],
            run={"updated_from": record["serving"]},
        )  # fmt: skip
        record = _done(folder, record, "exported")
    if record["state"] == "exported":
        judgement = _judge(folder, record, gate, plan.seed)
        folder.write(place / "judgement.json", judgement.to_dict())
        record = _done(folder, record, "judged")
    judgement = Judgement.from_dict(read_json(place / "judgement.json"))
    if not judgement.promoted:
        _done(folder, record, "refused")
        return Outcome(number, record["serving"], judgement, judgement.sentence)
    os.replace(place / "export", folder.model / str(number))
    _done(folder, record, "promoted")
    keep_versions(folder.model, plan.keep)
    return Outcome(number, number, judgement, judgement.sentence)


def _done(folder, record, state):
    record = {**record, "state": state}
    folder.write_update(record)
    return record


def recent_queries(folder, record, seed, repeats):
    """The `RecentQueries` of an update: interactions behind those that it is trained on."""
    table, trained = EventTable.read(folder), folder.trained(record["serving"])
    times = table.frame["timestamp"].to_numpy()
    inside = table.part < record["parts"]
    known = table.trained(trained.parts, trained.until)
    earlier, recent = inside & (times < record["until"]), inside & (times >= record["until"])
    return RecentQueries.of(
        table.frame[earlier],
        table.frame[recent & ~known],
        known[earlier],
        seed=seed,
        repeats=repeats,
    )


def _judge(folder, record, gate, seed):
    paths = [folder.model / str(record["serving"]), folder.of(record["version"]) / "export"]
    repeats = read_metadata(paths[0])["repeats"]
    queries = recent_queries(folder, record, seed, repeats)
    with contextlib.ExitStack() as stack:
        loaded = [stack.enter_context(contextlib.closing(open_export(path)[0])) for path in paths]
        answers = [ask_export(one, queries, gate.k, repeats) for one in loaded]
        seconds = time_requests(loaded, queries, gate.k, repeats)
    return gate.judge(queries, *answers, seconds, [_bytes(path) for path in paths], seed)


def _bytes(path):
    return sum(file.stat().st_size for file in pathlib.Path(path).rglob("*") if file.is_file())
