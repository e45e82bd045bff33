"""`kerasrec rollback DIR`."""

NAME = "rollback"
HELP = "serve the version before the newest again"


def add_arguments(parser):
    parser.add_argument("directory", metavar="DIR", help="a model's folder of versions")
    parser.add_argument("--to", type=int, metavar="VERSION", help="default: the one before")


def run(arguments, output):
    from kerasrec.update.rollback import rollback

    to, moved = rollback(arguments.directory, arguments.to)
    output.say(
        f"Version {to} is the newest of {arguments.directory} now, and a server takes it over. "
        f"Moved into {arguments.directory}/updates: {', '.join(map(str, moved))}."
    )
    output.result({"serving": to, "rolled_back": moved})
