"""Lists written as text in a cell of a table."""

import ast
import json
import re
import warnings

# One value of a list and its delimiter: Python separates by commas, NumPy by spaces.
_VALUE = re.compile(
    r"""u?(?P<quoted>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")(?:\s*,\s*|\s+|$)"""
    r"""|(?P<plain>[-+]?[\d.]+(?:[eE][-+]?\d+)?|None|nan|NaN|True|False)(?:\s*,\s*|\s+|$)""",
    re.DOTALL,
)


def is_bracketed(text: str) -> bool:
    """Whether a text looks like a list: [ and ] around it, or a bracket and a quote at one end."""
    text = text.strip()
    return (
        (text[:1], text[-1:]) == ("[", "]") or text[:2] in ('["', "['") or text[-2:] in ('"]', "']")
    )


def as_list(value: object) -> list | None:
    """The elements of a cell: of a list, or of the text of one; any other value is one element.

    None for a text in square brackets that is no list.

    >>> as_list('["a", 2]'), as_list(("a", 2)), as_list("a"), as_list('["a"')
    (['a', 2], ['a', 2], ['a'], None)
    """
    if isinstance(value, str) and value.strip()[:1] == "[":
        return read_list(value)
    if hasattr(value, "tolist") and getattr(value, "ndim", 0) == 1:
        return value.tolist()
    return list(value) if isinstance(value, list | tuple) else [value]


def read_list(text: str) -> list | None:
    """The values of a list as JSON, Python or NumPy write it; None for any other text.

    Python's tuples and sets of quoted words are lists as well.

    Nothing is evaluated. Nested lists and lists of words without quotes are not read: `[x]` is a
    text.

    >>> read_list('["a, b", 2]'), read_list("['a', 'b']"), read_list("['a' 'b']")
    (['a, b', 2], ['a', 'b'], ['a', 'b'])
    >>> read_list("('a', 'b')"), read_list("(x)"), read_list("{'a': 1}")
    (['a', 'b'], None, None)
    >>> read_list("[x]"), read_list('[["a"], ["b"]]'), read_list("a|b")
    (None, None, None)
    """
    ends = text.strip()[:1] + text.strip()[-1:]
    if ends in ("()", "{}") and text.strip()[1:2] in ("'", '"'):
        return _as_python_writes(text.strip()[1:-1].strip())
    if ends != "[]":
        return None
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return _as_python_writes(text.strip()[1:-1].strip())
    return None if any(isinstance(value, list | dict) for value in values) else values


def _as_python_writes(inner: str) -> list | None:
    values, place = [], 0
    while place < len(inner):
        found = _VALUE.match(inner, place)
        if not found:
            return None
        try:
            values.append(_value(found))
        except (ValueError, SyntaxError):
            return None
        place = found.end()
    return values


def _value(found: re.Match) -> str | float | None:
    quoted, plain = found["quoted"], found["plain"]
    if quoted:
        if "\\" not in quoted:
            return quoted[1:-1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # unknown escapes are kept
            return ast.literal_eval(quoted)
    if plain in ("None", "nan", "NaN"):
        return None
    # An integer stays text: "007" is another id than "7".
    return plain if plain in ("True", "False") or plain.lstrip("+-").isdigit() else float(plain)
