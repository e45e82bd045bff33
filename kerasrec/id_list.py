"""Reads lists of ids of any list type."""

import numbers
from collections.abc import Mapping

from kerasrec.errors import InputError

# The least and the largest normal float32.
LEAST, MOST = 2.0**-126, 2.0**127


def id_list(values, name, ordered=True, of="ids"):
    """The single values of a list, array, column, tensor or generator, as a list.

    A text is a single id: it is refused, not read letter by letter.

    Args:
        values: Any iterable with one axis.
        name: Name of the argument, for the error message.
        ordered: Whether the order matters; sets are then refused.
        of: What the values are, in the plural.

    Raises:
        InputError: for a text, a mapping, a table, a single value, a set where the order matters,
            or a nested list.

    >>> id_list(("a", 7), "users")
    ['a', 7]
    >>> id_list("12", "exclude")
    Traceback (most recent call last):
        ...
    kerasrec.errors.InputError: exclude must be a list of ids: got '12', which is one: write ['12']
    """
    values = _listed(values, name, of, ordered)
    for place, value in enumerate(values):
        if not _is_single(value):
            raise InputError(
                f"{name} must be a list of {of}: got {value!r:.80}, a {type(value).__name__}, at "
                f"place {place}"
            )
    return values


def id_lists(values, name, of="ids"):
    """A list of such lists, one for each answer; errors as in `id_list`.

    >>> id_lists([["a", "b"], ()], "histories")
    [['a', 'b'], []]
    """
    lists = _listed(values, name, f"lists of {of}", ordered=True)
    for place, each in enumerate(lists):
        if _is_single(each):
            raise InputError(
                f"{name} must be a list of lists, one for each answer: got {each!r:.80} at place "
                f"{place}"
            )
    return [id_list(each, f"{name}[{place}]", of=of) for place, each in enumerate(lists)]


def id_factors(values, name):
    """The factors of some ids, as a dict of id to float.

    Args:
        values: Dict of id to a number above 0.
        name: Name of the argument, for the error message.

    Raises:
        InputError: for anything else.

    >>> id_factors({"a": 2}, "boost")
    {'a': 2.0}
    """
    if not isinstance(values, Mapping):
        raise InputError(
            f"{name} must be a dict of ids to factors, such as {{'a': 1.5}}: got {values!r:.80}"
        )
    found = dict(zip(id_list(values.keys(), name), values.values(), strict=True))
    for one, factor in found.items():
        if one == "":
            raise InputError(f"{name}: an empty text is no id: leave it out")
        is_number = isinstance(factor, numbers.Real) and not isinstance(factor, bool)
        if not is_number or not LEAST <= factor <= MOST:
            raise InputError(
                f"{name}: expected a number above 0 for {one!r:.80}, such as 1.5: got "
                f"{factor!r:.80}"
            )
    return {one: float(factor) for one, factor in found.items()}


def unknown_note(what, ids, instead, count=None):
    """A sentence on ids that a model does not know.

    Args:
        what: What the ids are.
        ids: The ids, or the first six of more.
        instead: What is done with them, as the end of a sentence.
        count: How many there are, if `ids` are only the first.

    >>> unknown_note("item", ["x", ""], "left out")
    "2 unknown item ids, left out: x, ''"
    """
    # A blank id is shown in quotes.
    shown = [str(one) if str(one).strip() else repr(one) for one in ids[:5]]
    shown = ", ".join(shown) + (", ..." if len(ids) > 5 else "")
    count = len(ids) if count is None else count
    return f"{count:,} unknown {what} {'id' if count == 1 else 'ids'}, {instead}: {shown}"


def _listed(values, name, kind, ordered):
    if isinstance(values, str | bytes | bytearray):
        shown = f"{values!r:.80}"
        one = f", which is one: write [{shown}]" if not kind.startswith("lists") else ""
        raise InputError(f"{name} must be a list of {kind}: got {shown}{one}")
    if isinstance(values, Mapping) or hasattr(values, "columns"):
        raise InputError(
            f"{name} must be a list of {kind}: got a {type(values).__name__}; give one of its "
            "columns, or its keys as a list"
        )
    if ordered and isinstance(values, set | frozenset):
        raise InputError(f"{name} must be a list of {kind} in their order: a set has none")
    # The scalars of Arrow and of tensors are not Python values.
    for plain in ("to_pylist", "numpy"):
        if hasattr(values, plain):
            values = getattr(values, plain)()
    try:
        places = iter(values)
    except TypeError:
        raise InputError(f"{name} must be a list of {kind}: got {values!r:.80}") from None
    return list(places)


def _is_single(value):
    return isinstance(value, str | bytes) or not hasattr(value, "__iter__")
