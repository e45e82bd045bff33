"""`python -m benchmarks NAME [options]`: measures, and prints a table or JSON.

A benchmark is one file in this folder with a docstring, `add_arguments(parser)` and
`measure(arguments, say) -> Report`; it is found by its name. `say` prints progress on stderr.
"""

import argparse
import importlib
import json
import os
import pathlib
import platform
import signal
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

FOLDER = pathlib.Path(__file__).parent


def names():
    return sorted(path.stem for path in FOLDER.glob("[!_]*.py"))


def make_parser():
    parser = argparse.ArgumentParser("python -m benchmarks", description="Measures kerasrec.")
    commands = parser.add_subparsers(dest="name", required=True, metavar="NAME")
    for name in names():
        module = importlib.import_module(f"benchmarks.{name}")
        line = module.__doc__.partition("\n")[0]
        command = commands.add_parser(
            name,
            help=line,
            description=module.__doc__,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.add_argument("--rounds", type=int, help="number of measurements of each case")
        command.add_argument(
            "--quick", action="store_true", help="tiny sizes, to check that it runs"
        )
        command.add_argument(
            "--json", nargs="?", const="-", metavar="FILE", help="JSON instead of tables"
        )
        module.add_arguments(command)
        command.set_defaults(measure=module.measure)
    return parser


def say(line):
    print(line, file=sys.stderr, flush=True)


def main(arguments=None):
    arguments = make_parser().parse_args(arguments)
    if arguments.rounds is not None and arguments.rounds < 1:
        sys.exit(f"--rounds must be at least 1: got {arguments.rounds}")
    # As with Ctrl-C, so that `with` blocks end the workers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    load = os.getloadavg()[0]
    if load > 0.5 and not arguments.quick:
        say(f"Load {load:.2f}: the machine has other work, which affects the numbers.")
    try:
        report = arguments.measure(arguments, say)
    except KeyboardInterrupt:
        say("Stopped.")
        sys.exit(130)
    machine = {
        "cores": os.cpu_count(),
        "load_at_start": round(load, 2),
        "python": platform.python_version(),
        "system": platform.platform(),
    }
    if arguments.json is None:
        report.show(machine)
        return
    text = json.dumps({"benchmark": arguments.name, "machine": machine, **report.to_dict()})
    if arguments.json == "-":
        print(text)
    else:
        pathlib.Path(arguments.json).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
