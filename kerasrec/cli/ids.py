"""Ids on the command line, also those that hold a comma."""

import json

from kerasrec.errors import InputError

IDS = (
    "'a,b,c'; ids that hold a comma as JSON, '[\"a,b\", \"c\"]', or one by one, the option given "
    "for each"
)


def read_ids(given, option):
    """The ids that an option names; None where it was not given.

    Args:
        given: What was written after each use of the option, or None. A single text is a list, in
            JSON or between commas; of several each is one id as it stands.
        option: Its name, for the sentence of an error.

    Raises:
        InputError: for a text that begins as a JSON list and is none of texts or whole numbers.

    >>> read_ids(["a, b"], "--history")
    ['a', 'b']
    >>> read_ids(["a,b", "c"], "--history")
    ['a,b', 'c']
    >>> read_ids(['["a,b", 7]'], "--history")
    ['a,b', '7']
    """
    if given is None or len(given) > 1:
        return given
    if not given[0].lstrip().startswith("["):
        return [part.strip() for part in given[0].split(",") if part.strip()]
    try:
        ids = json.loads(given[0])
    except ValueError:
        ids = None
    if ids is None or any(type(one) not in (str, int) for one in ids):
        raise InputError(
            f"{option}: what begins with [ must be a JSON list of ids, such as "
            f'\'["a,b", "c"]\': got {given[0]!r:.80}'
        )
    return [str(one) for one in ids]
