"""What counts at once while a model is served: what people just did, new items, hidden ones."""

from kerasrec.events.session_state import SessionState
from kerasrec.serving.live_items import LiveItems
from kerasrec.serving.with_recent import with_recent


class Live:
    """The state behind the answers of a server with events.

    Args:
        models: `Models`.
        log: An `EventLog`.
        share: Of the places of a list for new items.

    Attributes:
        sessions: The `SessionState`.
        items: The `LiveItems`.
    """

    def __init__(self, models, log, share=0.0):
        self.sessions = SessionState(log)
        self.items = LiveItems(models, log.store, share)
        self.share = share

    def version(self, version, request=None):
        """A `Version` whose `run` takes all of it into account; `request` seeds the new items."""
        return _LiveVersion(version, self, request)

    def close(self):
        """Frees the threads."""
        self.items.close()
        self.sessions.close()


class _LiveVersion:
    def __init__(self, version, live, request):
        self._version, self._live, self._request = version, live, request
        self.number, self.folder = version.number, version.folder
        self.signatures, self.about = version.signatures, version.about

    def run(self, name, inputs, timeout=None):
        live, signature = self._live, self.signatures.get(name or "serving_default")
        if signature is not None:
            inputs = with_recent(inputs, signature, live.sessions.steps, self.about)
            inputs = live.items.without_hidden(signature, inputs)
        return live.items.run(self._version, name, inputs, timeout, self._request)
