"""Why a store did not take events, or did not give them."""


class StoreError(RuntimeError):
    """A store failed: nothing of the call was stored, unless it says so."""


class StoreAway(StoreError):
    """The store cannot be used now, such as a database that is stopped; it may be later."""


class StoreFull(StoreError):
    """The disk is full, or the store has reached the limit it was opened with."""
