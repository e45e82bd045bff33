"""Writes tests/slow_tests.txt: the tests that `-m "not slow"` leaves out by measurement.

    pytest -n 2 -m "not slow" --durations=0 --durations-min=0.25 > durations.txt
    python tests/tools/slow_tests.py durations.txt

What is in the file already stays, unless there is no such test any more. On a quiet machine: a
test that waits for others looks slow.
"""

import pathlib
import re
import sys

FILE = pathlib.Path(__file__).resolve().parents[1] / "slow_tests.txt"
SECONDS = 0.25


def slow_tests(report):
    """Names of the tests that take as long, from pytest's report of durations."""
    lines = re.findall(r"^ *([\d.]+)s (?:call|setup) +(tests/\S.*?) *$", report, re.MULTILINE)
    return {name for seconds, name in lines if float(seconds) >= SECONDS}


def main(report):
    before = FILE.read_text(encoding="utf-8").split("\n") if FILE.exists() else []
    files = {name for name in before if (FILE.parents[1] / name.partition("::")[0]).is_file()}
    found = files | slow_tests(pathlib.Path(report).read_text(encoding="utf-8"))
    FILE.write_text("".join(f"{name}\n" for name in sorted(found)), encoding="utf-8")
    print(f"{len(found)} tests")


if __name__ == "__main__":
    main(sys.argv[1])
