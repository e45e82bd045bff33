"""Items that are added and hidden while a model is served."""

import contextlib
import json
import logging
import threading
import weakref

import numpy as np

from kerasrec.events.item_changes import ItemChanges
from kerasrec.events.store_error import StoreError
from kerasrec.serving.rank_new_items import rank_new_items
from kerasrec.serving.refusal import Refusal, invalid
from kerasrec.serving.version_items import VersionItems

MOST_NEW, MOST_HIDDEN = 10_000, 1_000
MOST_FEATURES = 1 << 16  # bytes of the features of one item, as JSON
EVERY = 1.0  # seconds between two looks at what other servers have changed
LOG = logging.getLogger(__name__)
RANKED = ("recommend", "recommend_explained", "serving_default")


class LiveItems:
    """New and hidden items of the served versions, kept in the database of the events.

    A change is in the database before it is answered, counts in the next request of this server,
    and within `EVERY` seconds and the time to compute vectors on others with the same database.

    Args:
        models: `Models`.
        store: An `SqlStore`.
        share: Of the places of a list that show new items, see `merge_new_items`.
    """

    def __init__(self, models, store, share=0.0):
        self._models, self._share = models, share
        self._changes, self._changing = ItemChanges(store), threading.Lock()
        self._last, self._new, self._hidden = 0, {}, {}
        self._of_version = weakref.WeakKeyDictionary()
        self._lock, self._stopped = threading.Lock(), threading.Event()
        self._poll()
        self.thread = threading.Thread(target=self._keep_polling, name="items", daemon=True)
        self.thread.start()

    def put(self, item, fields):
        """Adds an item, or shows one again; returns a dict with its state.

        Args:
            item: Its id.
            fields: Its features, a dict; {} for an item that the served version knows.

        Raises:
            Refusal: 400 for wrong features, 409 for a model that takes no new items, 507 for too
                many.
        """
        with self._changing, self._current() as version:
            of = self.of(version)
            supported, (known,) = of.unsupported() is None, of.knows([item])
            if not isinstance(fields, dict):
                raise invalid("Expected an object with the features of an item.")
            if not supported and not known:
                raise Refusal("FAILED_PRECONDITION", of.unsupported(), 409)
            text = None
            if supported and (fields or not known):
                of.check(item, fields)
                text = json.dumps(fields, separators=(",", ":"), ensure_ascii=False)
                if len(text.encode()) > MOST_FEATURES:
                    raise invalid(
                        f"The features of an item have at most {MOST_FEATURES >> 10} KiB."
                    )
                if item not in self._new and len(self._new) >= MOST_NEW:
                    raise _too_many(f"{MOST_NEW} items are new already: export a new version.")
            self._changes.put(item, text)
            self._poll()
            of.update(self._of_new, self._changes.features)
        return {"item": item, "state": "known" if known else "new"}

    def delete(self, item):
        """Stops showing an item.

        Raises:
            Refusal: 404 for an item that is neither new nor known, 507 for too many.
        """
        with self._changing, self._current() as version:
            if item not in self._new and item not in self._hidden:
                if not self.of(version).knows([item])[0]:
                    raise Refusal("NOT_FOUND", f"There is no item {item[:80]!r}.")
            if item not in self._hidden and len(self._hidden) >= MOST_HIDDEN:
                raise _too_many(
                    f"{MOST_HIDDEN} items are hidden already: export a version without them."
                )
            self._changes.put(item, hidden=True)
            self._poll()
        return {"item": item, "state": "hidden"}

    def page(self, after, limit):
        """The new and hidden items behind an id: {"items": [...], "next": an id or None}."""
        rows = self._changes.page(after, limit)
        with self._current() as version:
            of = self.of(version)
            new = {one.decode() for one in of.new.items}
            found = [_shown(*row, new, of.refused) for row in rows]
        return {"items": found, "next": rows[-1][0] if len(rows) == limit else None}

    def without_hidden(self, signature, inputs):
        """Inputs that exclude the hidden items as well."""
        hidden = list(self._hidden)
        if not hidden or "exclude" not in signature.inputs:
            return inputs
        given = np.asarray(inputs.get("exclude", signature.inputs["exclude"].default), object)
        more = np.empty((len(given), len(hidden)), object)
        more[:] = [one.encode() for one in hidden]
        return {**inputs, "exclude": np.concatenate([given, more], axis=1)}

    def run(self, version, name, inputs, timeout, request):
        """As `version.run`, with new items in the answers of `recommend`."""
        if not self._new or name not in RANKED:
            return version.run(name, inputs, timeout)
        new = self.of(version).new
        return rank_new_items(version, name, inputs, timeout, new, self._share, request)

    def of(self, version):
        """The `VersionItems` of a version."""
        with self._lock:
            found = self._of_version.get(version)
            if found is None:
                found = self._of_version[version] = VersionItems(version)
        if not found.ready:
            # What fails is tried again by the thread: answers without new items are better.
            with contextlib.suppress(StoreError, Refusal):
                found.update(self._of_new, self._changes.features)
        return found

    def close(self):
        """Ends the thread."""
        self._stopped.set()
        self.thread.join()

    @contextlib.contextmanager
    def _current(self):
        names = self._models.names()
        if not names:
            raise Refusal("UNAVAILABLE", "No version of the model is served.")
        with self._models.current(names[0]) as version:
            yield version

    def _of_new(self):
        return self._new

    def _poll(self):
        while changes := self._changes.after(self._last):
            new, hidden = dict(self._new), dict(self._hidden)
            for one in changes:
                new.pop(one.item, None)
                hidden.pop(one.item, None)
                if one.hidden:
                    hidden[one.item] = one.change
                elif one.has_features:
                    new[one.item] = one.change
            # Replaced as a whole: requests read them without a lock.
            self._new, self._hidden, self._last = new, hidden, changes[-1].change

    def _keep_polling(self):
        while not self._stopped.wait(EVERY):
            try:
                with self._changing:
                    self._poll()
                with self._current() as version:
                    self.of(version).update(self._of_new, self._changes.features)
            except (StoreError, Refusal):  # a store that is away: the next look may succeed
                continue
            except Exception:
                LOG.exception("The new items could not be read.")


def _shown(item, features, hidden, new, refused):
    if hidden:
        return {"item": item, "state": "hidden"}
    state = "new" if item in new else "refused" if item in refused else "known"
    why = {"error": refused[item]} if state == "refused" else {}
    return {"item": item, "state": state, "features": json.loads(features), **why}


def _too_many(message):
    return Refusal("RESOURCE_EXHAUSTED", message, 507)
