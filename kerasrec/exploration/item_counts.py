"""How often each item was shown and clicked, from events."""

import collections


class ItemCounts:
    """Counts impressions and clicks of items, as `NewItems` reads them while it serves.

    Only clicks that name their request count: others did not come from what was shown.

    Args:
        behavior: The behavior that is a click.

    Attributes:
        impressions, clicks: Counters by the id of an item.

    >>> from kerasrec.events import Event
    >>> counts = ItemCounts()
    >>> counts.add([Event("impression", "e1", 5.0, request="r", items=("a", "b"))])
    >>> counts.add([Event("interaction", "e2", 6.0, request="r", item="b", behavior="click")])
    >>> counts.impressions["b"], counts.clicks["a"], counts.clicks["b"]
    (1, 0, 1)
    """

    def __init__(self, behavior="click"):
        self._behavior = behavior
        self.impressions, self.clicks = collections.Counter(), collections.Counter()

    def add(self, events):
        """Adds a list of `kerasrec.events.Event`."""
        for event in events:
            if event.items:
                self.impressions.update(event.items)
            elif event.behavior == self._behavior and event.request is not None:
                self.clicks[event.item] += 1
