"""Whether an answer may hold items of the history."""

from kerasrec.errors import InputError

REPEATS = ("mask", "allow")


def check_repeats(value):
    """`value`, or an `InputError` if it is neither "mask" nor "allow"."""
    if value not in REPEATS:
        raise InputError(f"repeats must be one of {', '.join(REPEATS)}: got {value!r}")
    return value
