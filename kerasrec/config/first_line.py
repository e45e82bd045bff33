"""The message of another library's error, in one line."""

import re


def first_line(error):
    """The first line of an error's message, without the escape sequences of a terminal.

    >>> first_line(ValueError("\\x1b[1mno\\x1b[0m\\nArguments received: ..."))
    'no'
    """
    text = re.sub(r"\x1b\[[0-9;]*m", "", str(error)).strip()
    return text.partition("\n")[0].rstrip() or type(error).__name__
