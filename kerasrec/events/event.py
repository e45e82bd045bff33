"""What was shown to somebody, or what somebody did."""

import typing

IMPRESSION, INTERACTION = "impression", "interaction"
# Fields of one kind of event only; all others may be in both.
OF_IMPRESSIONS = ("items", "positions", "propensities", "version", "context")
OF_INTERACTIONS = ("item", "behavior", "value")


class Event(typing.NamedTuple):
    """An impression, the list of items that one request showed, or an interaction with one item.

    `read_event` makes one of untrusted fields; the constructor checks nothing.

    Attributes:
        kind: "impression" or "interaction".
        id: Chosen by the sender; a store keeps one event of an id.
        time: Seconds since 1970, as a float.
        user, session: Who it was, or None.
        request: Id of the request that showed the items; an interaction with the same id belongs
            to that impression.
        item, behavior, value: Of an interaction: the item, what was done with it, and a number such
            as a rating or None.
        items, positions, propensities: Of an impression: the items in the order shown, their places
            from 1 on or None for that order, and the probability with which each was shown or None.
        version: Of an impression: the version of the model, as text, or None.
        context: Of an impression: features of the request by name.

    >>> Event("interaction", "e1", 1e9, user="u", item="a", behavior="click").to_dict()
    {'kind': 'interaction', 'id': 'e1', 'time': 1000000000.0, 'user': 'u', 'item': 'a', \
'behavior': 'click'}
    """

    kind: str
    id: str
    time: float
    user: str | None = None
    session: str | None = None
    request: str | None = None
    version: str | None = None
    item: str | None = None
    behavior: str | None = None
    value: float | None = None
    items: tuple[str, ...] = ()
    positions: tuple[int, ...] | None = None
    propensities: tuple[float, ...] | None = None
    context: dict[str, typing.Any] | None = None

    def to_dict(self) -> dict[str, typing.Any]:
        """The fields that are given, as `read_event` takes them."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in zip(self._fields, self, strict=True)
            if value is not None and value != () and value != {}
        }
