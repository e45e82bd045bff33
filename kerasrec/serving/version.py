"""One version of a model: loads, runs and unloads its SavedModel."""

import threading

from kerasrec.savedmodel import CLoader
from kerasrec.savedmodel.c_loader import RunError
from kerasrec.savedmodel.check_export import IncompleteError, check_export
from kerasrec.savedmodel.metadata import METADATA, read_metadata
from kerasrec.serving.batcher import Batcher
from kerasrec.serving.check_inputs import check_inputs, find_signature
from kerasrec.serving.refusal import CODES, Refusal
from kerasrec.serving.warm_up import warm_up


class Version:
    """A numbered SavedModel that is loaded, shared by requests, and unloaded.

    Args:
        number: The name of its folder, as a number.
        folder: Path of the SavedModel.
        limits: A `Limits`.
        batching: A `BatchingParameters`, or None to run every request on its own.
        trust: Also load a SavedModel that is not an export; see `kerasrec.savedmodel.check_export`.

    Attributes:
        number, folder: As given.
        state: The state in TF Serving's status: START, LOADING, AVAILABLE, UNLOADING, END.
        error: Why it could not be loaded, a sentence; "" if there was no error.
        incomplete: Whether the error is that files are missing, so that a copy may be in progress.
        about: Its metadata, `kerasrec.json`, from AVAILABLE on; {} where it has none.
        signatures: Name -> `kerasrec.savedmodel.c_loader.Signature`, from AVAILABLE on.
    """

    def __init__(self, number, folder, limits, batching=None, trust=False):
        self.number, self.folder = number, folder
        self.state, self.error, self.signatures, self.about = "START", "", {}, {}
        self.incomplete = False
        self._limits, self._batching, self._trust = limits, batching, trust
        self._loaded = self._batcher = None
        self._users, self._changed = 0, threading.Condition()

    def load(self):
        """Checks, loads and warms up the SavedModel; sets `state`, and `error` if it fails."""
        self.state = "LOADING"
        try:
            check_export(self.folder, self._trust)
            self._loaded = CLoader(self.folder)
            warm_up(self._loaded, self.folder)
        except Exception as error:  # any error: the old version stays in service
            self.error = _first_line(error)
            self.incomplete = isinstance(error, IncompleteError)
            self._close()
            return
        self.signatures = self._loaded.signatures
        if (self.folder / METADATA).is_file():
            self.about = read_metadata(self.folder)
        if self._batching:
            self._batcher = Batcher(self._run, self._batching, self._limits)
        self.state = "AVAILABLE"

    def run(self, signature, inputs, timeout=None):
        """Runs a request. The version must be held: `with models.current(name) as version`.

        Args:
            signature: Name of a signature; "" for the default one.
            inputs: Name -> array or nested lists. Missing inputs take their defaults.
            timeout: Seconds; None for the timeout of the limits.

        Returns:
            Name -> array, for all outputs; strings are bytes.

        Raises:
            Refusal: with a status code and a message for the client.
        """
        name, definition = find_signature(self.signatures, signature)
        values = check_inputs(name, definition, inputs, self._limits)
        run = self._batcher.run if self._batcher else self._run
        return run(name, values, timeout or self._limits.timeout)

    @property
    def most_rows(self):
        """The most rows of a request."""
        return self._batching.max_batch_size if self._batching else self._limits.rows

    def hold(self):
        """Keeps it loaded until `release` and returns True; returns False if it is not loaded."""
        with self._changed:
            if self.state != "AVAILABLE":
                return False
            self._users += 1
            return True

    def release(self):
        """Ends a successful `hold`."""
        with self._changed:
            self._users -= 1
            self._changed.notify_all()

    def unload(self):
        """Refuses new requests, waits for those in progress, and frees the memory."""
        with self._changed:
            self.state = "UNLOADING"
            self._changed.wait_for(lambda: not self._users)
        self._close()

    def _close(self):
        if self._batcher:
            self._batcher.close()
        if self._loaded:
            self._loaded.close()
        self._loaded = self._batcher = None
        self.state = "END"

    def _run(self, signature, inputs, timeout):
        try:
            return self._loaded.run(signature, inputs, timeout=timeout)
        except RunError as error:
            code = CODES.get(error.code, "INTERNAL")
            if code == "DEADLINE_EXCEEDED":
                raise Refusal(code, f"{signature} took longer than {timeout:.3g} s.") from error
            raise Refusal(code, f"{signature}: {_first_line(error)}") from error


def _first_line(error):
    """The first line of an error; TensorFlow appends names of nodes over several lines."""
    return str(error).strip().partition("\n")[0].partition(" [[{{")[0] or type(error).__name__
