"""Reads JSON files that may be damaged or forged."""

import json
import math

from kerasrec.errors import InputError
from kerasrec.files.plain_file import open_plain

# Most bytes of a description: a schema of some 50,000 features.
DESCRIPTION = 2**22


def read_json(path, within=None, most=None):
    """The value of a JSON file.

    Args:
        path: File to read.
        within: Folder that the target of a link must be in.
        most: The largest size in bytes; None if the size has been checked.

    Raises:
        InputError: for anything but a plain file of JSON in UTF-8, and for what Python's reader
            accepts: a repeated key, NaN, infinity, a number beyond all floats, and an integer of
            more than 256 bits.
    """
    with open_plain(path, within) as file:
        content = file.read() if most is None else file.read(most + 1)
    if most is not None and len(content) > most:
        raise InputError(f"{path} is damaged: it has more than {most:,} bytes")
    try:
        return json.loads(
            content.decode("utf-8"),
            object_pairs_hook=_once,
            parse_int=_bounded,
            parse_float=_finite,
            parse_constant=_no_number,
        )
    except RecursionError:
        raise InputError(f"{path} is damaged: its lists are nested too deep") from None
    except ValueError as error:
        raise InputError(f"{path} is damaged: {error}") from error


def repeated_key(pairs):
    """The first repeated key among the pairs of a JSON object; None without one.

    >>> repeated_key([("a", 1), ("b", 2), ("a", 3)])
    'a'
    """
    seen = set()
    return next((key for key, _ in pairs if key in seen or seen.add(key)), None)


def _once(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError(f"the key {repeated_key(pairs)!r:.80} is given twice")
    return found


def _finite(text):
    value = float(text)
    return value if math.isfinite(value) else _no_number(text)


def _bounded(text):
    # The seed of a model may have 128 bits; sizes have fewer than 64.
    if len(text) > len(str(-(2**256))) or abs(int(text)) >= 2**256:
        raise ValueError(f"{text:.40} has more than 256 bits")
    return int(text)


def _no_number(text):
    raise ValueError(f"{text:.40} is no number of JSON")
