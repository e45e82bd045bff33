"""Reads ids from the command line, also ids with commas."""

import json
import pathlib

from kerasrec.errors import InputError

# As of `kerasrec.batch_inference.IdFile`, which imports pyarrow.
FILES = (".txt", ".csv", ".tsv", ".parquet")

IDS = (
    "'a,b,c'; ids that hold a comma as JSON, '[\"a,b\", \"c\"]', or one by one, the option given "
    "for each"
)


def read_ids(values, option):
    """The ids of an option; None where the option was not used.

    Args:
        values: The value of each use of the option, or None. A single value is a list, as JSON or
            separated by commas; of several values each is one id.
        option: Name of the option, for error messages.

    Raises:
        InputError: for a value that begins with [ and is not a JSON list of texts or whole numbers.

    >>> read_ids(["a, b"], "--history")
    ['a', 'b']
    >>> read_ids(["a,b", "c"], "--history")
    ['a,b', 'c']
    >>> read_ids(['["a,b", 7]'], "--history")
    ['a,b', '7']
    """
    if values is None or len(values) > 1:
        return values
    if not values[0].lstrip().startswith("["):
        return [part.strip() for part in values[0].split(",") if part.strip()]
    try:
        ids = json.loads(values[0])
    except ValueError:
        ids = None
    if ids is None or any(type(one) not in (str, int) for one in ids):
        raise InputError(
            f"{option}: what begins with [ must be a JSON list of ids, such as "
            f'\'["a,b", "c"]\': got {values[0]!r:.80}'
        )
    return [str(one) for one in ids]


def read_ids_or_file(values, option):
    """As `read_ids`, or the ids of a file: a single value that ends in .txt, .csv, .tsv, .parquet.

    A table has a column `item`.

    Raises:
        InputError: as `read_ids`, and for a file that is missing, has no such column or no id.
    """
    if not values or len(values) > 1 or pathlib.Path(values[0]).suffix.lower() not in FILES:
        return read_ids(values, option)
    from kerasrec.batch_inference.id_file import IdFile

    try:
        ids = [one for some in IdFile(values[0], "item") for one in some]
    except InputError as error:
        raise InputError(f"{option}: {error}") from error
    if not ids:
        raise InputError(f"{option}: {values[0]} holds no id")
    return ids
