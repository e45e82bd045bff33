"""Checks the arguments of a client."""

import numbers
import re

from kerasrec.errors import InputError
from kerasrec.whole_number import whole_number

MAX_VERSION = 2**63 - 1  # int64 in TF Serving's messages
MAX_TIMEOUT = 86_400.0  # seconds


def check_name(name, what):
    try:
        if name and isinstance(name, str) and name.encode():
            return name
    except UnicodeEncodeError:
        pass
    raise InputError(f"{what} must be the name of a {what} on the server: got {name!r}")


def check_version(version):
    if version is None or isinstance(version, str):
        return version if version is None else check_name(version, "version")
    return whole_number(version, "version", 0, MAX_VERSION)


def check_timeout(timeout):
    is_number = isinstance(timeout, numbers.Real) and not isinstance(timeout, bool)
    if is_number and 0 < timeout <= MAX_TIMEOUT:
        return float(timeout)
    raise InputError(
        f"timeout must be seconds above 0 and at most {MAX_TIMEOUT:,.0f}, a day: got {timeout!r}"
    )


def check_request_id(id):
    """An id that may be the value of a header, or None."""
    if id is None or (isinstance(id, str) and re.fullmatch(r"[!-~]{1,200}", id)):
        return id
    raise InputError(f"request_id must be 1 to 200 characters of ASCII, no blanks: got {id!r:.80}")
