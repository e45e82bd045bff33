"""Items that were added or hidden while a model is served, in the database of the events."""

import typing

TABLE = "kerasrec_items"
CREATE = f"""CREATE TABLE IF NOT EXISTS {TABLE} (
    item TEXT PRIMARY KEY, features TEXT, hidden INTEGER NOT NULL, change BIGINT NOT NULL)"""
PUT = f"""INSERT INTO {TABLE} (item, features, hidden, change)
    VALUES (?, ?, ?, (SELECT coalesce(max(change), 0) + 1 FROM {TABLE}))
    ON CONFLICT (item) DO UPDATE SET features = excluded.features, hidden = excluded.hidden,
    change = excluded.change"""
CHANGED = f"""SELECT item, features IS NOT NULL, hidden, change FROM {TABLE}
    WHERE change > ? ORDER BY change LIMIT ?"""
PAGE_OF = f"""SELECT item, features, hidden FROM {TABLE}
    WHERE item > ? AND (hidden = 1 OR features IS NOT NULL) ORDER BY item LIMIT ?"""
FEATURES = f"SELECT features FROM {TABLE} WHERE item = ?"
PAGE = 1000


class ItemChange(typing.NamedTuple):
    """The last change of an item: whether it has features, whether it is hidden, and its number."""

    item: str
    has_features: bool
    hidden: bool
    change: int


class ItemChanges:
    """The last change of each item, durably; for several servers on one database.

    Args:
        store: An `SqlStore`, whose database gets one more table. It stays open.

    Raises:
        StoreAway, StoreFull: from all methods, as those of the store.

    >>> from kerasrec.events import open_store
    >>> import tempfile
    >>> with open_store(f"sqlite:///{tempfile.mkdtemp()}/events.db") as store:
    ...     changes = ItemChanges(store)
    ...     changes.put("a", '{"title": "A"}')
    ...     changes.put("b", hidden=True)
    ...     changes.after(1), changes.page()
    ([ItemChange(item='b', has_features=False, hidden=True, change=2)], \
[('a', '{"title": "A"}', False), ('b', None, True)])
    """

    def __init__(self, store):
        self._store = store
        store.execute((CREATE, ()))

    def put(self, item, features=None, hidden=False):
        """Stores the features of an item, a text or None, and whether it is hidden."""
        self._store.execute((PUT, (item, features, int(hidden))))

    def after(self, change):
        """The `ItemChange`s with a larger number, in their order, at most 1,000."""
        rows = self._store.ask(CHANGED, (change, PAGE))
        return [ItemChange(item, bool(has), bool(hidden), n) for item, has, hidden, n in rows]

    def page(self, after="", limit=PAGE):
        """[(item, features, hidden)] in the order of ids, without items that are as exported."""
        rows = self._store.ask(PAGE_OF, (after, limit))
        return [(item, features, bool(hidden)) for item, features, hidden in rows]

    def features(self, item):
        """The features of an item, a text; None without."""
        rows = self._store.ask(FEATURES, (item,))
        return rows[0][0] if rows else None
