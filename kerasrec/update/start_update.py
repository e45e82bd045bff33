"""The start of an update: new events are read, and rows to train on and to judge by chosen."""

import numpy as np
import pandas as pd

from kerasrec.config.load import load_config
from kerasrec.errors import InputError
from kerasrec.models.checkpoints import checkpoint
from kerasrec.savedmodel.metadata import read_metadata
from kerasrec.savedmodel.versions import claim_version
from kerasrec.training.runs.run_folder import RunFolder
from kerasrec.update.choose_rows import choose_rows
from kerasrec.update.event_table import EventTable, accepted, first_part
from kerasrec.update.outcome import Outcome
from kerasrec.update.warm_config import check_updatable

DAY = 86400


def start_update(folder, read, run, plan, gate, say):
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
        folder.start_table(first_part(load_config(RunFolder(run).config)))
        folder.start(serving, run)
        trained = folder.trained(serving)
    source = RunFolder(trained.run)
    _read_events(folder, read, plan, say)
    table = EventTable.read(folder)
    times = table.frame["timestamp"].to_numpy()
    new = ~table.trained(trained.parts, trained.until)
    until = _cut(times[new], plan.judged)
    queries = new if until is None else new & (times >= until)
    if read_metadata(folder.model / str(serving))["repeats"] == "mask":
        # No version recommends an item again: these are no queries.
        queries = queries & ~table.frame.duplicated(["user", "item"]).to_numpy()
    judged = int(queries.sum())
    if judged < gate.fewest:
        return Outcome(
            None, serving, None,
            f"{int(new.sum()):,} new interactions: the latest {plan.judged:.0%} have to be at "
            f"least {gate.fewest} with items new to their users. Version {serving} stays.",
        )  # fmt: skip
    warm, number = _is_trained(source), claim_version(folder.model)
    record = {
        "version": number, "serving": serving, "state": "started", "until": until,
        "parts": folder.parts()["parts"], "first_epochs": _first_epochs(folder, serving, source),
        "warm": warm,
    }  # fmt: skip
    seen = new & (times < until)
    if plan.days is not None:
        seen &= times >= times[new].max() - plan.days * DAY
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
    events = read(folder.parts()["cursor"])
    if not len(events):
        return
    first = pd.read_parquet(folder.part(0))
    part, notes = accepted(events, first, plan.behaviors)
    for note in notes:
        say(note)
    folder.add_part(part, int(events.attrs["cursor"]))


def _cut(times, judged):
    """The time from which new interactions judge; None without any."""
    ordered = np.sort(times)
    return int(ordered[int((1 - judged) * len(ordered))]) if len(ordered) else None


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
