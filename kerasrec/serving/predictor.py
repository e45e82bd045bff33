"""Answers the body of a `:predict` over REST."""

import time

from kerasrec.savedmodel.versions import is_version
from kerasrec.serving.content_encoding import decompress
from kerasrec.serving.impression_log import impressions
from kerasrec.serving.predict_answer import predict_answer
from kerasrec.serving.predict_body import read_predict_body
from kerasrec.serving.refusal import Refusal, invalid
from kerasrec.serving.shared_models import SharedModels


class Predictor:
    """Reads a request, chooses the version, runs it, explores and logs what was shown.

    Args:
        models: A `Models` or a `SharedModels`.
        limits: A `Limits`.
        log: An `EventLog`; None for a server without events.
        explorer: An `Explorer`; None to answer as the model ranks.
        live: The `Live` of a server with events: what people just did, new items and hidden ones.

    Attributes:
        identified: Whether its requests need an id: to log, to draw, or to choose a version.
    """

    def __init__(self, models, limits, log=None, explorer=None, live=None):
        self._models, self._limits = models, limits
        self._explorer, self._live = explorer, live
        self._log = log if log is not None and log.log_impressions else None
        # With shares the version of a request depends on its user.
        self._shared = models if isinstance(models, SharedModels) else None
        draws = self._live is not None and self._live.share > 0
        self.identified = any((self._log, self._explorer, self._shared, draws))

    def number(self, version, label):
        """The version number that a path names; None for the one that is served.

        Raises:
            Refusal: for an unknown label, or a number that is none.
        """
        if label:
            labels = self._shared.labels if self._shared else {}
            if label not in labels:
                # tensorflow_serving/model_servers/server_core.cc.
                raise invalid(f"Unrecognized servable version label: {label}")
            return labels[label]
        if version is not None and not is_version(version):
            raise invalid(f"Failed to convert version: {version[:40]} to numeric.")
        return version if version is None else int(version)

    def predict(self, name, number, body, coding, start, id):
        """The answer, a text of JSON.

        Args:
            name: Of the model.
            number: Of the version; None for the one that answers this user.
            body, coding: Bytes, and their Content-Encoding.
            start: When the request came, by `time.monotonic`.
            id: Of the request; None where `identified` is false.
        """
        self._remaining(start)
        with self._models.current(name, number) as version:
            body = decompress(body, coding, self._limits.body)
            request = read_predict_body(body, version.signatures, self._limits)
            chosen = version.number
            if number is None and self._shared:
                chosen = self._shared.version_of(request.inputs, id)
            if chosen == version.number:
                return self._answer(version, request, start, id)
        return self.predict(name, chosen, body, "", start, id)

    def _answer(self, version, request, start, id):
        left = self._remaining(start)
        if self._live:
            version = self._live.version(version, id)
        if self._explorer:
            outputs = self._explorer.run(version, request.signature, request.inputs, left, id)
        else:
            outputs = version.run(request.signature, request.inputs, left)
        answer = predict_answer(outputs, request.by_row)
        if self._log:
            shown = impressions(id, request.signature, request.inputs, outputs, version.number)
            self._log.add_or_drop(shown)
        return answer

    def _remaining(self, start):
        left = start + self._limits.timeout - time.monotonic()
        if left <= 0:
            raise Refusal("DEADLINE_EXCEEDED", "The request waited too long in the queue.")
        return left
