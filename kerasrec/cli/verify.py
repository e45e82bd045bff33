"""`kerasrec verify DIR`."""

from kerasrec.savedmodel.metadata import METADATA
from kerasrec.savedmodel.versions import find_version

NAME = "verify"
HELP = "send an export its recorded requests and compare the answers with Python's"


def add_arguments(parser):
    parser.add_argument("directory", metavar="DIR", help="export, or folder of a model's versions")
    parser.add_argument(
        "--trust", action="store_true",
        help="also run a graph with operations that no export of kerasrec has",
    )  # fmt: skip


def run(arguments, output):
    from kerasrec.savedmodel.verify import verify

    directory = find_version(arguments.directory)
    with output.busy(f"verifying {directory}"):
        found = verify(directory, arguments.trust)
    output.rows(
        ["signature", "requests", "largest difference", "other items"],
        [
            (name, row["requests"], f"{row['difference']:.1e}", row["other"])
            for name, row in found["signatures"].items()
        ],
        f"{directory} in TensorFlow's C++ loader, beside Python's recorded answers",
    )
    for problem in found["problems"]:
        output.note(f"kerasrec verify: {problem}")
    if not found["problems"]:
        output.say(
            f"It answers as Python did, and its files are those that {METADATA} lists; "
            f"{METADATA} itself is not signed."
        )
    output.result({"export": str(directory), **found})
    return 1 if found["problems"] else 0
