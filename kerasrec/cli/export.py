"""`kerasrec export RUN DIR`."""

from kerasrec.cli.heavy import import_keras
from kerasrec.cli.saved import find_checkpoint
from kerasrec.errors import InputError

NAME = "export"
HELP = "write a run's best checkpoint as a SavedModel for TF Serving"


def add_arguments(parser):
    parser.add_argument("source", metavar="RUN", help="run or checkpoint folder")
    parser.add_argument(
        "directory", metavar="DIR", help="new folder, such as saved_models/hybrid/1"
    )
    parser.add_argument("-k", type=int, default=100, help="items in an answer (default: 100)")
    parser.add_argument("--trust", action="store_true", help="allow a model class outside kerasrec")


def run(arguments, output):
    if arguments.k < 1:
        raise InputError(f"-k must be at least 1: got {arguments.k}")
    checkpoint = find_checkpoint(arguments.source)
    import_keras()
    from kerasrec.export import export
    from kerasrec.models import load

    report = export(load(checkpoint, trust=arguments.trust), arguments.directory, k=arguments.k)
    output.say(
        f"{arguments.directory}: reloaded in a fresh process, {report['requests']} requests differ "
        f"from Python by at most {report['difference']:.1e}"
    )
    output.result({"export": arguments.directory, **report})
