"""From new events to a new version that is served, or a table that says why it is not."""

import contextlib
import dataclasses
import os
import pathlib

import numpy as np
import pandas as pd

from kerasrec.config.load import load_config
from kerasrec.errors import InputError
from kerasrec.export import export
from kerasrec.files.saved_json import read_json
from kerasrec.models.checkpoints import checkpoint
from kerasrec.savedmodel.metadata import read_metadata
from kerasrec.savedmodel.open_export import open_export
from kerasrec.savedmodel.versions import claim_version, keep_versions, versions
from kerasrec.training.run import run as fit_run
from kerasrec.training.runs.claim_folder import claim_existing
from kerasrec.training.runs.run_folder import RunFolder
from kerasrec.update.ask_export import ask_export
from kerasrec.update.choose_rows import choose_rows
from kerasrec.update.event_table import EventTable, accepted, first_part
from kerasrec.update.gate import Gate
from kerasrec.update.judgement import Judgement
from kerasrec.update.plan import Plan
from kerasrec.update.recent_queries import RecentQueries
from kerasrec.update.update_folder import UpdateFolder
from kerasrec.update.warm_config import check_updatable, warm_config

DAY = 86400


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What an update did.

    Args:
        version: Number of the new version; None where there was too little new to train on.
        serving: Number of the version that is served now.
        judgement: `Judgement` of the gate, None without a new version.
        sentence: The result for people.
    """

    version: int | None
    serving: int
    judgement: Judgement | None
    sentence: str

    @property
    def refused(self):
        """Whether a version was made and may not be served."""
        return self.judgement is not None and not self.judgement.promoted

    def to_dict(self):
        """Plain values for JSON."""
        judged = self.judgement and self.judgement.to_dict()
        return {**dataclasses.asdict(self), "judgement": judged}


def update(folder, read, run=None, plan=None, gate=None, say=print, progress=True):
    """Makes the next version of a served model from new events, and serves it if it is no worse.

    1. Reads the events since the last update into `updates/table`.
    2. Trains: a model with weights starts from those of the serving version and sees the new
       interactions, what came before them and a replay of old ones; a model that counts is
       adapted to all of them. The latest new interactions are left out.
    3. Exports and verifies.
    4. Lets the serving and the new version answer the interactions that were left out, see `Gate`.
    5. Renames the new version to its place next to the serving one, from where a server loads it;
       or leaves it in `updates`, with the table that says why.

    An update that was killed goes on where it was. One update at a time works in a folder.

    Args:
        folder: The folder of the model, with its versions.
        read: Function of a cursor (0 at first) that returns a DataFrame of the interactions behind
            it, as `kerasrec.events.read_interactions` does.
        run: Run folder of the serving version, where no update made it.
        plan: `Plan`.
        gate: `Gate`.
        say: Called with lines for people.
        progress: Show progress bars on stderr.

    Returns:
        `Outcome`.

    Raises:
        InputError: if another update is at work, the run of the serving version is not known, or a
            run that an update cannot go on from.
    """
    folder, plan, gate = UpdateFolder(folder), plan or Plan(), gate or Gate()
    folder.serving()  # before anything is written
    claim_existing(folder.lock)
    try:
        record = _unfinished(folder, say)
        if record is None:
            record = _started(folder, read, run, plan, gate, say)
        if isinstance(record, Outcome):
            return record
        return _finished(folder, record, plan, gate, say, progress)
    finally:
        folder.lock.release()


def _unfinished(folder, say):
    record = folder.unfinished()
    if record is None:
        return None
    number = record["version"]
    if folder.of(number).with_name(str(number)) and number in versions(folder.model):
        folder.write_update({**record, "state": "promoted"})  # killed after the last renaming
        return None
    if record["serving"] != folder.serving():
        say(f"The unfinished update to version {number} is dropped: another version is served now.")
        folder.write_update({**record, "state": "refused"})
        return None
    say(f"Going on with the update to version {number}, which was stopped.")
    return record


def _started(folder, read, run, plan, gate, say):
    """The record of a new update, or an `Outcome` where there is too little to train on."""
    serving = folder.serving()
    trained = folder.trained(serving)
    if trained is None:
        if run is None:
            raise InputError(
                f"it is not known what version {serving} of {folder.model} was trained on: give "
                "--run, the run folder that it was exported from"
            )
        check_updatable(RunFolder(run))
        folder.start(serving, run)
        trained = folder.trained(serving)
    source = RunFolder(trained.run)
    if not folder.parts()["parts"]:
        folder.add_part(first_part(load_config(source.config)), 0)
    _read_events(folder, read, plan, say)
    table = EventTable.read(folder)
    times = table.frame["timestamp"].to_numpy()
    new = ~table.trained(trained.parts, trained.until)
    until, judged = _cut(times[new], plan.judged)
    if judged < gate.fewest:
        return Outcome(
            None, serving, None,
            f"{int(new.sum()):,} new interactions: the latest {plan.judged:.0%} have to be at "
            f"least {gate.fewest} to judge a version by. Version {serving} stays.",
        )  # fmt: skip
    number = claim_version(folder.model)
    record = {
        "version": number, "serving": serving, "state": "started", "until": until,
        "parts": folder.parts()["parts"], "first_epochs": _first_epochs(folder, serving, source),
    }  # fmt: skip
    seen = new & (times < until)
    if plan.days is not None:
        seen &= times >= times[new].max() - plan.days * DAY
    warm = _is_trained(source)
    rows = choose_rows(table.frame[times < until], seen[times < until], plan.replay, plan.seed)
    frame = table.frame[times < until].iloc[rows] if warm else table.frame[times < until]
    folder.of(number).mkdir(parents=True)
    frame = frame.drop(columns="timestamp") if not times[table.part == 0].any() else frame
    frame.to_parquet(folder.of(number) / "rows.parquet", index=False)
    folder.write_update(record)
    say(
        f"Version {number}: {int(seen.sum()):,} new interactions and {len(frame) - seen.sum():,} "
        f"earlier ones to train on, {judged:,} later ones to judge by."
    )
    return record


def _read_events(folder, read, plan, say):
    events = read(folder.parts()["cursor"] or 0)
    if not len(events):
        return
    first = pd.read_parquet(folder.part(0))
    part, notes = accepted(events, first, plan.behaviors)
    for note in notes:
        say(note)
    folder.add_part(part, int(events.attrs["cursor"]))


def _cut(times, judged):
    """The time from which new interactions judge, and how many these are."""
    if not len(times):
        return None, 0
    ordered = np.sort(times)
    until = int(ordered[int((1 - judged) * len(ordered))])
    return until, int((times >= until).sum())


def _first_epochs(folder, serving, source):
    """The epochs that the first run needed, through all updates since."""
    record = folder.read(serving)
    if record:
        return record["first_epochs"]
    return (source.read_metrics() or {}).get("best_epoch")


def _is_trained(source):
    """Whether the checkpoint of a run has weights that training goes on from."""
    model = checkpoint.load(source.checkpoint)
    return bool(model.trained and model.trainable_weights)


def _finished(folder, record, plan, gate, say, progress):
    """Runs the steps that are left."""
    number, place = record["version"], folder.of(record["version"])
    source = RunFolder(folder.trained(record["serving"]).run)
    if record["state"] == "started":
        config = warm_config(
            source, place / "rows.parquet", _is_trained(source), plan.epochs, record["first_epochs"]
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


def _judge(folder, record, gate, seed):
    table, trained = EventTable.read(folder), folder.trained(record["serving"])
    times = table.frame["timestamp"].to_numpy()
    inside = table.part < record["parts"]
    known = table.trained(trained.parts, trained.until)
    recent = inside & ~known & (times >= record["until"])
    paths = [folder.model / str(record["serving"]), folder.of(record["version"]) / "export"]
    with contextlib.ExitStack() as stack:
        loaded = [stack.enter_context(contextlib.closing(open_export(path)[0])) for path in paths]
        repeats = read_metadata(paths[0])["repeats"]
        earlier = inside & (times < record["until"])
        queries = RecentQueries.of(
            table.frame[earlier], table.frame[recent], known[earlier], seed=seed, repeats=repeats
        )
        answers = [ask_export(one, queries, gate.k, repeats) for one in loaded]
    return gate.judge(queries, *answers, [_bytes(path) for path in paths], seed)


def _bytes(path):
    return sum(file.stat().st_size for file in pathlib.Path(path).rglob("*") if file.is_file())
