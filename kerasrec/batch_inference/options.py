"""What the answers of a batch inference may hold."""

import dataclasses

import numpy as np

from kerasrec.data.ids import factorize
from kerasrec.errors import InputError
from kerasrec.id_list import id_factors, id_list
from kerasrec.whole_number import whole_number


@dataclasses.dataclass(frozen=True)
class Options:
    """The arguments of `Recommender.recommend` that hold for all queries.

    Args:
        k: Items of each answer; None for 10, or for all items if there are fewer.
        exclude: Item ids that are never returned.
        allow: Item ids; only these may be returned. None for all.
        repeats: "mask", "allow", or None for the model's own.
        explain: Add reasons.
        context: Features of the request by name, one value for all queries.
        pin: Item ids that come first.
        boost: Factors by item id.
        probabilities: Add the probabilities of scores that are logits.
    """

    k: int | None = None
    exclude: tuple = ()
    allow: tuple | None = None
    repeats: str | None = None
    explain: bool = False
    context: dict = dataclasses.field(default_factory=dict)
    pin: tuple = ()
    boost: dict = dataclasses.field(default_factory=dict)
    probabilities: bool = False

    @property
    def width(self):
        """Number of ids that a query is given."""
        return sum(map(len, (self.exclude, self.allow or (), self.pin, self.boost)))


def read_options(
    k,
    exclude,
    allow,
    repeats=None,
    explain=False,
    context=None,
    pin=None,
    boost=None,
    probabilities=False,
):
    """`Options` of the arguments of `Recommender.recommend`, with the ids as texts.

    Raises:
        InputError: for values of another kind.
    """
    k = None if k is None else whole_number(k, "k", 1)
    if repeats not in (None, "mask", "allow"):
        raise InputError(f"repeats must be one of mask, allow: got {repeats!r}")
    exclude = id_list(() if exclude is None else exclude, "exclude", ordered=False)
    allow = None if allow is None else id_list(allow, "allow", ordered=False)
    if allow is not None and not allow:
        raise InputError("allow holds no item: nothing to answer")
    boost = id_factors({} if boost is None else boost, "boost")
    return Options(
        k,
        tuple(text_ids(exclude)),
        None if allow is None else tuple(text_ids(allow)),
        repeats,
        bool(explain),
        dict(context or {}),
        tuple(text_ids(id_list(() if pin is None else pin, "pin"))),
        dict(zip(text_ids(list(boost)), boost.values(), strict=True)),
        bool(probabilities),
    )


def text_ids(ids):
    """A list of ids as texts, "" for a missing one."""
    values = np.empty(len(ids), dtype=object)
    values[:] = ids
    codes, texts = factorize(values)
    return [texts[code] if code >= 0 else "" for code in codes]
