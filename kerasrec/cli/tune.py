"""`kerasrec tune CONFIG [key=value ...]`."""

import shlex

from kerasrec.cli.heavy import quiet_start

NAME = "tune"
HELP = "search for better values on the validation part, within the ranges of a config"

SHOWN = 10  # trials in the table


def add_arguments(parser):
    parser.add_argument("config", metavar="CONFIG", help="YAML file with a tune node")
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="changes to the config: tune.trials=50"
    )
    parser.add_argument(
        "--resume", action="store_true", help="go on with a search that was stopped, or with more"
    )
    parser.add_argument("--run-dir", metavar="DIR", help="folder of the search")


def run(arguments, output):
    from kerasrec.config import load_config

    with quiet_start():
        config = load_config(arguments.config, arguments.overrides)
        from kerasrec.training.tune.tune import tune

    again = ["kerasrec", "tune", arguments.config, *arguments.overrides]
    found = tune(
        config,
        arguments.run_dir,
        arguments.resume,
        say=output.say,
        note=output.note,
        progress=not output.as_json,
        command=shlex.join(again),
    )
    _show(found, output)
    output.result(found)
    if found["stopped"]:
        again += ["--resume", *(["--run-dir", arguments.run_dir] if arguments.run_dir else [])]
        output.note(
            f"stopped; {len(found['trials'])} trials are kept. Go on with:\n  {shlex.join(again)}"
        )
        return 130
    return 0


def _show(found, output):
    from kerasrec.config.cutoffs import RATING_METRICS
    from kerasrec.training.tune.format_trial import short_names, word

    sign = 1 if found["monitor"] in RATING_METRICS else -1
    complete = [trial for trial in found["trials"] if trial["state"] == "complete"]
    complete = [trial for trial in complete if "same_as" not in trial]
    complete.sort(key=lambda trial: (sign * trial["value"], trial["number"]))
    names = short_names(found["best"]["values"])
    rows = [
        [
            trial["number"],
            f"{trial['value']:.4f}",
            trial["best_epoch"] or "-",
            f"{trial['seconds']:.1f}",
            *(word(value) for value in trial["values"].values()),
        ]
        for trial in complete[:SHOWN]
    ]
    states = ", ".join(f"{count} {state}" for state, count in found["states"].items() if count)
    output.say(f"The best of {len(found['trials'])} trials ({states}), on the validation part:")
    columns = ["trial", found["monitor"], "epoch", "seconds", *names.values()]
    output.rows(columns, rows)
    if found["importances"]:
        shares = found["importances"].items()
        output.say(
            "What the value depends on: "
            + ", ".join(f"{names[key]} {100 * share:.0f} %" for key, share in shares)
        )
    output.say(f"{found['minutes']:.1f} minutes. Fit the best, and see its test part, with:")
    output.say(f"  kerasrec fit {shlex.quote(found['tuned'])}")
