"""The argument `--values`: a rating of each item of `--history`."""

import json

from kerasrec.errors import InputError

HELP = "a rating of each item of --history, between commas; nothing for an item without: 4,,2.5"


def add_values_argument(parser, words=HELP):
    """The argument `--values`; after `=` it may begin with a minus."""
    parser.add_argument("--values", metavar="4,5", help=words)


def read_values(text, history):
    """The numbers of `--values`, None for an item without; None if it was not used.

    Args:
        text: Numbers between commas, or a JSON list with null for none.
        history: The ids of `--history`, None without.

    Raises:
        InputError: without a history, for what is no finite number, or another count.

    >>> read_values("4,,2.5", ["a", "b", "c"])
    [4.0, None, 2.5]
    """
    if text is None:
        return None
    if history is None:
        raise InputError("--values belong to --history: give both, or leave --values out")
    values = _listed(text)
    if len(values) != len(history):
        raise InputError(
            f"--values: expected one for each of the {len(history)} items of --history, got "
            f"{len(values)}"
        )
    return values


def _listed(text):
    if text.lstrip().startswith("["):
        try:
            parts = json.loads(text)
        except ValueError as error:
            raise InputError(f"--values: not a JSON list: {text!r:.80}") from error
        parts = ["" if part is None else part for part in parts]
    else:
        parts = [part.strip() for part in text.split(",")]
    return [None if part == "" else _number(part) for part in parts]


def _number(part):
    try:
        number = None if isinstance(part, bool | list | dict) else float(part)
    except ValueError:
        number = None
    if number is None or not abs(number) < float("inf"):
        raise InputError(f"--values: expected numbers, nothing for an item without: got {part!r}")
    return number
