"""One version of a model: a loaded SavedModel that many requests share."""

import threading

from kerasrec.savedmodel import CLoader
from kerasrec.savedmodel.c_loader import RunError
from kerasrec.savedmodel.check import IncompleteError, check_export
from kerasrec.serving.batcher import Batcher
from kerasrec.serving.checked import checked, find_signature
from kerasrec.serving.refusal import CODES, Refusal
from kerasrec.serving.warm_up import warm_up


class Version:
    """A numbered SavedModel, from its folder to its end.

    Args:
        number: The name of its folder, as a number.
        folder: Path of the SavedModel.
        limits: A `Limits`.
        batching: A `BatchingParameters`, or None to answer every request by itself.
        trust: Also load what is no export of kerasrec; see `kerasrec.savedmodel.check`.

    Attributes:
        number, folder: As given.
        state: As TF Serving's status names it: START, LOADING, AVAILABLE, UNLOADING, END.
        error: Why it could not be loaded, a sentence; "" where nothing went wrong.
        incomplete: Whether that is because files are missing, so that a copy may be going on.
        signatures: Name -> `kerasrec.savedmodel.c_loader.Signature`, from AVAILABLE on.
    """

    def __init__(self, number, folder, limits, batching=None, trust=False):
        self.number, self.folder = number, folder
        self.state, self.error, self.signatures = "START", "", {}
        self.incomplete = False
        self._limits, self._batching, self._trust = limits, batching, trust
        self._loaded = self._batcher = None
        self._users, self._changed = 0, threading.Condition()

    def load(self):
        """Checks it, loads it, asks each signature; whether that went well is in `state`."""
        self.state = "LOADING"
        try:
            check_export(self.folder, self._trust)
            self._loaded = CLoader(self.folder)
            warm_up(self._loaded, self.folder)
        except Exception as error:  # whatever is wrong with it, the old one stays
            self.error = _first_line(error)
            self.incomplete = isinstance(error, IncompleteError)
            self._close()
            return
        self.signatures = self._loaded.signatures
        if self._batching:
            self._batcher = Batcher(self._run, self._batching, self._limits)
        self.state = "AVAILABLE"

    def run(self, signature, inputs, timeout=None):
        """The answer to a request, of a version that is held: `with models.current(name) as v`.

        Args:
            signature: Name of a signature; "" for the default one.
            inputs: Name -> array or nested lists. Those left out take their defaults.
            timeout: Seconds; those of the limits if None.

        Returns:
            Name -> array, of all outputs; strings are bytes.

        Raises:
            Refusal: with a status code, and a sentence that may be shown to whoever asked.
        """
        name, definition = find_signature(self.signatures, signature)
        values = checked(name, definition, inputs, self._limits)
        run = self._batcher.run if self._batcher else self._run
        return run(name, values, timeout or self._limits.timeout)

    def hold(self):
        """Keeps it loaded until `release`; False where it is unloaded already."""
        with self._changed:
            if self.state != "AVAILABLE":
                return False
            self._users += 1
            return True

    def release(self):
        """Ends what `hold` began."""
        with self._changed:
            self._users -= 1
            self._changed.notify_all()

    def unload(self):
        """Takes no more requests, waits for the last one, and gives the memory back."""
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
    """What TensorFlow adds are names of nodes, over several lines."""
    return str(error).strip().partition("\n")[0].partition(" [[{{")[0] or type(error).__name__
