"""A duration on the command line, such as 90d."""

import re

from kerasrec.errors import InputError

SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def duration(text, option):
    """The seconds of a text such as "90d", "12h", "30m" or "10s".

    Args:
        text: The text.
        option: Name of the option, for the message.

    >>> duration("90d", "--keep-events")
    7776000.0
    """
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?)([smhd])", text)
    seconds = float(found[1]) * SECONDS[found[2]] if found else 0.0
    if not 0 < seconds < 1e10:
        raise InputError(f"{option}: expected a duration such as 90d, 12h or 30m, got {text!r:.40}")
    return seconds
