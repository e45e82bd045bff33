"""`kerasrec fit CONFIG [key=value ...]`."""

import shlex

from kerasrec.cli.heavy import quiet_start
from kerasrec.files.replacing import surviving

NAME = "fit"
HELP = "train and evaluate what a YAML config describes"


def add_arguments(parser):
    parser.add_argument(
        "config", metavar="CONFIG", help="YAML file, such as configs/ml-1m/hybrid.yaml"
    )
    parser.add_argument(
        "overrides", nargs="*", metavar="key=value",
        help="changes to the config: train.epochs=3 model.dim=64 init_from=RUN",
    )  # fmt: skip
    parser.add_argument("--resume", action="store_true", help="resume a run that was stopped")
    parser.add_argument("--run-dir", metavar="DIR", help="folder of the run (default: below runs/)")


def run(arguments, output):
    from kerasrec.config import load_config

    with quiet_start():
        config = load_config(arguments.config, arguments.overrides)
        from kerasrec.training import RunFolder
        from kerasrec.training import run as run_config

    if arguments.run_dir:
        folder = RunFolder(arguments.run_dir)
    else:
        folder = RunFolder.to_resume(config) if arguments.resume else RunFolder.fresh(config)
    try:
        _, evaluation, ratings = run_config(
            config,
            folder.path,
            resume=arguments.resume,
            say=output.say,
            progress=not output.as_json,
        )
    except KeyboardInterrupt:
        output.note(_stopped(arguments, folder))
        return 130
    if evaluation:
        output.table(evaluation.to_table())
    if ratings:
        output.table(ratings.to_table(shown_notes=evaluation.notes))
    metrics = folder.read_metrics()
    output.say(f"Run folder: {folder.path}")
    if verdict := metrics.get("verdict"):
        output.sentence(verdict["sentence"])
    output.result({"run": str(folder.path), **metrics})


def _stopped(arguments, folder):
    """The note after Ctrl-C: what is saved and how to resume."""
    if not folder.config.exists():
        return "stopped before the training; nothing was written"
    kept = "there is no checkpoint yet"
    if surviving(folder.checkpoint).exists():
        kept = f"the best checkpoint so far is {surviving(folder.checkpoint)}"
    again = ["kerasrec", "fit", arguments.config, *arguments.overrides, "--resume"]
    if arguments.run_dir:
        again += ["--run-dir", arguments.run_dir]
    return f"stopped; {kept}. Go on with:\n  {shlex.join(again)}"
