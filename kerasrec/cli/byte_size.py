"""A size on the command line, such as 10GiB."""

import re

from kerasrec.errors import InputError

BYTES = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}


def byte_size(text, option):
    """The bytes of a text such as "500MiB" or "10GiB".

    Args:
        text: The text.
        option: Name of the option, for the message.

    >>> byte_size("10GiB", "--events-limit")
    10737418240
    """
    found = re.fullmatch(r"(\d{1,9}(?:\.\d{1,9})?) ?([KMGT]iB)", text)
    size = int(float(found[1]) * BYTES[found[2]]) if found else 0
    if not 0 < size < 2**62:
        raise InputError(f"{option}: expected a size such as 500MiB or 10GiB, got {text!r:.40}")
    return size
