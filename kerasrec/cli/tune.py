"""`kerasrec tune CONFIG [key=value ...]`."""

import shlex

from kerasrec.cli.heavy import quiet_start

NAME = "tune"
HELP = "search for better values on the validation part, within the ranges of a config"

SHOWN_TRIALS = 10


def add_arguments(parser):
    parser.add_argument("config", metavar="CONFIG", help="YAML file with a tune node")
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value", help="changes to the config: tune.trials=50"
    )
    parser.add_argument(
        "--resume",
        action="store_true",
        help="resume a search that was stopped, or add trials to it",
    )
    parser.add_argument("--run-dir", metavar="DIR", help="folder of the search")


def run(arguments, output):
    from kerasrec.config import load_config

    with quiet_start():
        config = load_config(arguments.config, arguments.overrides)
        from kerasrec.training.tune.tune import tune

    again = ["kerasrec", "tune", arguments.config, *arguments.overrides]
    results = tune(
        config,
        arguments.run_dir,
        arguments.resume,
        say=output.say,
        note=output.note,
        progress=not output.as_json,
        command=shlex.join(again),
    )
    _show(results, output)
    output.result(results)
    if results["stopped"]:
        again += ["--resume", *(["--run-dir", arguments.run_dir] if arguments.run_dir else [])]
        output.note(
            f"stopped; {len(results['trials'])} trials are kept. Go on with:\n  {shlex.join(again)}"
        )
        return 130
    return 0


def _show(results, output):
    from kerasrec.config.cutoffs import smaller_is_better
    from kerasrec.training.tune.format_trial import format_value, short_names

    sign = 1 if smaller_is_better(results["monitor"]) else -1
    complete = [trial for trial in results["trials"] if trial["state"] == "complete"]
    complete = [trial for trial in complete if "same_as" not in trial]
    complete.sort(key=lambda trial: (sign * trial["value"], trial["number"]))
    names = short_names(results["best"]["values"])
    rows = [
        [
            trial["number"],
            f"{trial['value']:.4f}",
            trial["best_epoch"] or "-",
            f"{trial['seconds']:.1f}",
            *(format_value(value) for value in trial["values"].values()),
        ]
        for trial in complete[:SHOWN_TRIALS]
    ]
    states = ", ".join(f"{count} {state}" for state, count in results["states"].items() if count)
    output.say(f"The best of {len(results['trials'])} trials ({states}), on the validation part:")
    columns = ["trial", results["monitor"], "epoch", "seconds", *names.values()]
    output.rows(columns, rows)
    if results["importances"]:
        shares = results["importances"].items()
        output.say(
            "The value depends on: "
            + ", ".join(f"{names[key]} {100 * share:.0f} %" for key, share in shares)
        )
    output.say(f"{results['minutes']:.1f} minutes. Fit the best, and see its test part, with:")
    output.say(f"  kerasrec fit {shlex.quote(results['tuned'])}")
