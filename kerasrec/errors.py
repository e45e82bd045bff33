"""The one error for what the user gave wrong."""

import re

# Begins the message of a check that runs inside a graph.
CHECK = "kerasrec: "


class InputError(ValueError):
    """Something the user gave is wrong: a value, a file, a column, a setting.

    The message names the value, says what was expected and what to do about it. For tables it
    also names the file, the row as an editor counts lines (the header is line 1) and the column.
    The command line prints the message without a traceback and exits with status 2.

    >>> raise InputError("ratings.csv, row 3, column 'rating': 'five' is not a number.")
    Traceback (most recent call last):
        ...
    kerasrec.errors.InputError: ratings.csv, row 3, column 'rating': 'five' is not a number.
    """


def failed_check(error):
    """The message of a check of ours that stopped a graph, as text; None for any other error.

    >>> failed_check(ValueError("assertion failed: [kerasrec: step] [7] [has no end] [[node]]"))
    'step 7 has no end'
    """
    found = re.search(rf"assertion failed: \[{CHECK}(.*)", str(error))
    if not found:
        return None
    parts = re.match(r"[^\]]*(?:\] \[[^\[\]]+)*", found[1])[0]
    parts = parts.partition("] [Op:")[0]
    return re.sub(r"\] \[", " ", parts).replace('"', "")
