"""The one error for what the user gave wrong."""


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
