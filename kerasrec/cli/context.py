"""Reads features of a request and of its user from the command line."""

from kerasrec.errors import InputError


def add_context_argument(parser):
    """The arguments `--context` and `--user-feature KEY=VALUE`, which may be repeated."""
    parser.add_argument(
        "--context", metavar="KEY=VALUE", action="append", default=[],
        help="a feature of the request, such as hour=9, once for each; written as in a text file",
    )  # fmt: skip
    parser.add_argument(
        "--user-feature", metavar="KEY=VALUE", action="append", default=[],
        help="a feature of the user, such as age=31, once for each, in place of what is stored",
    )  # fmt: skip


def read_context(values, option="--context"):
    """Name -> text of each `KEY=VALUE` of an option.

    Raises:
        InputError: for a value without "=", or a key given twice.

    >>> read_context(["hour=9", "query=a=b"])
    {'hour': '9', 'query': 'a=b'}
    """
    found = {}
    for text in values:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise InputError(f"{option} {text}: expected KEY=VALUE, such as hour=9")
        if key in found:
            raise InputError(
                f"{option} {key} is given twice: write several values of a feature as in the "
                "data, with its separator between them"
            )
        found[key] = value
    return found


def typed(text, kind):
    """The text of a feature as a value of its kind; a text that is none stays as it is.

    >>> typed("12.5", "number"), typed("9", "category"), typed("[1, 2]", "vector")
    (12.5, '9', [1, 2])
    """
    if kind == "number":
        try:
            return float(text)
        except ValueError:
            return text
    if kind != "vector":
        return text
    # Here, for a quick --help: the package imports pandas.
    from kerasrec.data.list_text import read_list

    listed = read_list(text)
    return text if listed is None else listed
