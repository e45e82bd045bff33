"""The calls of one served model: its signatures, retries and checked answers."""

import warnings

from kerasrec.client.attempts import Attempts
from kerasrec.client.json_values import as_list
from kerasrec.client.query import columns
from kerasrec.client.serving_error import ServingError, expect_format
from kerasrec.errors import InputError


class ServedModel:
    """One model behind a transport; thread-safe.

    It reads the signatures before the first request, and again after a refused one.

    Args:
        transport: `RestTransport` or `GrpcTransport`.
        model: Name of the model, for messages.
        timeout: Seconds for a call with all its attempts.
        retries: Attempts after the first.
    """

    def __init__(self, transport, model, timeout, retries):
        self._transport, self._model = transport, model
        self._timeout, self._retries = timeout, retries
        self._metadata, self._closed = None, False

    def attempts(self):
        """The time and retries of a new call."""
        if self._closed:
            raise InputError("this client is closed: make a new one")
        return Attempts(self._timeout, self._retries)

    def metadata(self):
        """Requests `Metadata`."""
        self._metadata = self.attempts().run(self._transport.metadata)
        return self._metadata

    def status(self):
        """Requests the list of `VersionStatus`."""
        return self.attempts().run(self._transport.status)

    def close(self):
        """Closes the connections."""
        self._closed = True
        self._transport.close()

    def signature(self, name, attempts=None):
        metadata = self._metadata or (attempts or self.attempts()).run(self._transport.metadata)
        self._metadata = metadata
        if name not in metadata.signatures:
            raise InputError(
                f"model {self._model!r} has no signature {name!r}: it has "
                f"{', '.join(sorted(metadata.signatures))}"
            )
        return metadata.signatures[name]

    def check_probabilities(self, name):
        if "probability" not in self.signature(name).outputs:
            raise InputError(
                f"probabilities: the scores of model {self._model!r} only order items; what a task "
                "predicts is given by score(tasks=True)"
            )

    def predict(
        self, name, rows, given, k=None, reduce_k=False, context=None, single=True,
        user_features=None, request_id=None,
    ):  # fmt: skip
        """Runs a signature and returns its outputs, checked to have all rows.

        Args:
            name: Of the signature.
            rows: Number of queries.
            given: Inputs by name; missing ones have their defaults.
            k: Number of items; None for a signature without.
            reduce_k: Answer with fewer items and a warning, if the export has a smaller maximum.
            context, single, user_features: See `columns`.
            request_id: Id of the request, for a server that logs impressions.
        """
        attempts = self.attempts()
        signature = self.signature(name, attempts)
        if k is not None and "k" in signature.inputs:
            given = {**given, "k": [k] * rows}
        inputs = columns(signature, rows, given, context, single, user_features)
        try:
            outputs = attempts.run(
                lambda seconds: self._transport.predict(
                    name, signature, inputs, seconds, request_id
                )
            )
        except ServingError:
            # The server may have loaded a version with other signatures.
            self._metadata = None
            raise
        with expect_format(name):
            for each in {*signature.outputs, *outputs}:
                if len(as_list(outputs[each])) != rows:
                    raise ServingError(f"the server did not answer all {rows} rows of {name}")
            # The width of an answer is k, or the maximum of the export if that is smaller.
            width = k if k is None else len(as_list(outputs["item"][0]))
            if width == 0:
                raise ServingError(f"the answer of {name} has width 0")
        if k is not None and k > width and reduce_k:
            note = f"the export returns at most {width} items: k is {width}, not {k}"
            warnings.warn(note, stacklevel=3)
        elif k is not None and k > width:
            raise InputError(f"k must be at most {width}, which was fixed at export: got {k}")
        return outputs
