"""From a table to its best model under a budget: what `kerasrec auto` does."""

import math
import pathlib
import shutil
import time

from kerasrec.errors import InputError
from kerasrec.training.auto.budget import Budget
from kerasrec.training.auto.choose_split import choose_split
from kerasrec.training.auto.read_table import data_node, read_table
from kerasrec.training.auto.refit_winner import refit_winner
from kerasrec.training.auto.run_ladder import Ladder
from kerasrec.training.auto.table_facts import TableFacts
from kerasrec.training.auto.write_winner import (
    ladder_rows,
    ladder_verdict,
    measure_winner,
    winner_config,
    write_export,
    write_run,
)
from kerasrec.training.runs.claim_folder import check_unused, claim_new
from kerasrec.training.runs.run_folder import RunFolder, fresh_path
from kerasrec.training.runs.run_metrics import utc_now
from kerasrec.training.verdict import metric_words

ADVICE = "choose another folder"


def auto(
    path,
    items=None,
    users=None,
    columns=(),
    minutes=15.0,
    run_dir=None,
    say=print,
    note=print,
    clock=time.perf_counter,
    started=None,
):
    """Tries a ladder of models on a table and writes the run of the best one.

    The models are chosen by the NDCG of the validation part. The test part is looked at once, for
    the best one and the baselines. Ctrl-C ends the ladder, and the best so far is written; a second
    one stops at once and leaves nothing. docs/auto.md has the rules.

    Args:
        path: CSV or Parquet file of interactions, or folder of parts.
        items, users: Paths of tables of features, None without.
        columns: Texts such as "user=buyer", for columns that are not to be guessed.
        minutes: Of the whole command.
        run_dir: Folder to write; None for a new one below `runs/`.
        say: Called with lines for people: what was read and what came of it.
        note: Called with lines on what happens now.
        clock: Returns seconds.
        started: When the command began, by this clock; None for now.

    Returns:
        A dict of plain values: `run`, `export` (None where there was no time), `verdict`, `stopped`
        (by Ctrl-C), `yaml`, `ladder` and `metrics`.

    Raises:
        InputError: for wrong input, an existing folder, or if no model could be fitted.
        KeyboardInterrupt: after Ctrl-C before the first model was fitted, or the second time.
    """
    if not (math.isfinite(minutes) and minutes > 0):
        raise InputError(f"minutes: expected a number above 0, got {minutes:g}")
    budget, begun = Budget(60 * minutes, clock, started), utc_now()
    if run_dir is not None:
        check_unused(run_dir, advice=ADVICE)
    table = read_table(path, items, users, columns, say)
    split_node, split, why = choose_split(table.data)
    say(f"Split {why}.")
    for line in split.notes:
        say(line)
    label = data_node(table.node).label
    folder = RunFolder(run_dir or fresh_path(pathlib.Path("runs") / f"{label}-auto"))
    facts = TableFacts.of(split.train)
    ladder = Ladder(split, facts, budget, table.repeats, table.share, note=note)
    ladder.on_tried = lambda tried: say(_row(tried, budget))
    claim_new(folder.lock, advice=ADVICE)
    done = False
    try:
        say(_head(ladder, minutes))
        stopped = _run(ladder, note)
        winner = ladder.winner()
        config = winner_config(winner, facts, table.node, split_node, table.repeats)
        about = {"started": begun, "share_of_users": table.share, "stopped": stopped}
        data = table.data
        if table.share < 1:
            refitted = None if stopped else refit_winner(winner, ladder, config, table.whole, say)
            about["fitted_on_all_rows"] = refitted is not None
            if refitted is not None:
                # As many as the ladder's test would have had: all of them may be too many.
                about["tested_users"] = len(split.query_users("test"))
                winner, data = refitted, table.whole
        found = _finish(folder, config, data, winner, ladder, about, say, note)
        done = True
        return {**found, "stopped": stopped}
    except KeyboardInterrupt:
        done = folder.is_finished()  # all but the export
        raise
    finally:
        folder.lock.release()
        if not done:
            shutil.rmtree(folder.path, ignore_errors=True)


def _run(ladder, note):
    """Climbs the ladder; whether Ctrl-C ended it."""
    try:
        ladder.run()
    except KeyboardInterrupt:
        if not ladder.tried:
            raise
        note("Stopped: the best so far is tested and written. Ctrl-C again writes nothing.")
        return True
    if not ladder.tried:
        reasons = "; ".join(f"{name}: {reason}" for name, reason in ladder.left_out.items())
        raise InputError(f"no model could be fitted: {reasons}")
    return False


def _finish(folder, config, data, winner, ladder, about, say, note):
    """Tests and writes the winner; what `auto` returns."""
    budget = ladder.budget
    folder.create(config)
    note(f"{winner.rung.name}: the test")
    evaluation = measure_winner(winner, ladder, config, about.get("tested_users"))
    metric = f"ndcg@{ladder.facts.k}"
    found = ladder_verdict(winner, evaluation, metric, ladder)
    say()
    rows = evaluation.to_dict()["rows"]
    for row in rows:
        name = winner.rung.name if row is rows[0] else row["model"]
        say(_line(name, row["metrics"][metric], "test"))
    about |= {"verdict": found.to_dict(), "minutes": budget.spent() / 60}
    write_run(folder, config, data, winner, ladder, evaluation, about)
    export = None
    if about["stopped"] or not budget.allows_export():
        why = "after Ctrl-C" if about["stopped"] else "no time is left"
        say(f"Not exported, {why}: kerasrec export {folder.path} {folder.path / 'export'}")
    else:
        note("the export is written and compared with the model")
        export = str(write_export(folder, winner.model, {"metrics": about}))
        say(f"Exported: {export}")
    say(f"Run folder: {folder.path}; again: kerasrec fit {folder.config}")
    return {
        "run": str(folder.path),
        "export": export,
        "verdict": found.to_dict(),
        "yaml": folder.config.read_text(encoding="utf-8"),
        "ladder": ladder_rows(ladder),
        "metrics": folder.read_metrics(),
    }


def _head(ladder, minutes):
    users = ladder.users or len(ladder.split.query_users("validation"))
    metric = metric_words(ladder.metric)
    return f"\n{'validation':44s} {metric} [95 %] of {users:,} users, {minutes:g} minutes"


def _row(tried, budget):
    ended = {"time": ", until its time ended", "hopeless": ", given up", None: ""}
    how = f"{tried.seconds:6.1f} s{ended.get(tried.ended, '')}"
    return _line(tried.rung.name, tried.validation, how)


def _line(name, value, what):
    interval = ""
    if value["low"] is not None:
        interval = f" [{_number(value['low'])}, {_number(value['high'])}]"
    return f"  {name:42s} {_number(value['mean'])}{interval:16s} {what}"


def _number(value):
    return f"{value:.4f}".replace("0.", ".", 1)
