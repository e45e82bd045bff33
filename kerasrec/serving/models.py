"""Which versions of a model are served: the newest one in its folder that loads."""

import collections
import contextlib
import ctypes
import threading

from kerasrec.savedmodel.files import find_files
from kerasrec.savedmodel.versions import is_version
from kerasrec.serving.refusal import Refusal
from kerasrec.serving.version import Version

KEPT = 16  # versions that have ended and are still named in the status


class Models:
    """The served versions of a model folder, kept up to date by `poll`.

    A page or a protocol needs no more than this:

        name, = models.names()
        with models.current(name) as version:
            version.number, version.folder, version.signatures
            answer = version.run("recommend", {"history": [["a", "b"]]})  # name -> array, of bytes

    Inside of the `with`, the version stays loaded, also when a newer one takes its place.
    `run` blocks and may be called by any number of threads; it raises a `Refusal`.

    Args:
        folder: With a subfolder for each version, named by its number. Others are not looked at.
        name: The model's name; that of the folder if None.
        only: The one number to serve; None for the newest.
        limits: A `Limits`.
        batching: A `BatchingParameters`, or None.
        say: Is called with a line about every change. What it raises is nobody's concern.
        trust: Also serve what is no export of kerasrec; see `kerasrec.savedmodel.check`.
    """

    def __init__(
        self, folder, name=None, only=None, *, limits, batching=None, say=print, trust=False
    ):
        self.folder, self.name = folder, name or folder.name
        self._only, self._limits, self._batching, self._say = only, limits, batching, say
        self._trust = trust
        self._versions, self._tried = {}, {}
        self._said = collections.defaultdict(set)  # of each version, why it does not load
        self._served = None
        self._lock, self._polling = threading.Lock(), threading.Lock()

    def names(self):
        """Names of the models with a version that is served now: one, or none."""
        with self._lock:
            return [self.name] if self._served else []

    @contextlib.contextmanager
    def current(self, name, number=None):
        """The `Version` served now, which stays loaded inside of the `with`.

        Args:
            name: The model.
            number: The version to use; the newest served if None.

        Raises:
            Refusal: if there is no such model, or it is not loaded.
        """
        with self._lock:
            version = self._served if name == self.name else None
            held = version and number in (None, version.number) and version.hold()
        if not held:
            # tensorflow_serving/core/basic_manager.cc: GetUntypedServableHandle.
            asked = f"Latest({name})" if number is None else f"Specific({name}, {number})"
            raise Refusal("NOT_FOUND", f"Servable not found for request: {asked}")
        try:
            yield version
        finally:
            version.release()

    def versions(self, name, number=None):
        """The versions of a model that are or were served, the newest first, for its status.

        Raises:
            Refusal: if there are none.
        """
        with self._lock:
            found = dict(self._versions) if name == self.name else {}
        # tensorflow_serving/model_servers/get_model_status_impl.cc.
        if number is not None:
            if number not in found:
                raise Refusal("NOT_FOUND", f"Could not find version {number} of model {name}")
            return [found[number]]
        if not found:
            raise Refusal("NOT_FOUND", f"Could not find any versions of model {name}")
        return [found[key] for key in sorted(found, reverse=True)]

    def poll(self):
        """Looks at the folder once: loads the newest version that loads, then unloads the old one.

        A version that did not load is tried again when any of its files has changed.
        """
        with self._polling:
            found = self._found()
            for number in set(self._said) - set(found):
                del self._said[number]
            for number in sorted(found, reverse=True):
                if self._served and number == self._served.number:
                    return
                stamp = _stamp(found[number])
                if self._tried.get(number) == stamp:
                    continue
                self._tried[number] = stamp
                if self._load(number, found[number]):
                    return

    def tell(self, line):
        """Says a line to whoever runs the server; that nobody hears it stops nothing."""
        with contextlib.suppress(Exception):
            self._say(line)

    def close(self):
        """Unloads what is served, after the last request in flight."""
        with self._polling:
            self._replace(None)

    def _found(self):
        """Number -> folder of each version."""
        found = {}
        with contextlib.suppress(OSError):
            for folder in self.folder.iterdir():
                if is_version(folder.name) and folder.is_dir():
                    number = int(folder.name)
                    if self._only in (None, number):
                        found[number] = folder
        return found

    def _load(self, number, folder):
        version = Version(number, folder, self._limits, self._batching, self._trust)
        with self._lock:
            self._versions[number] = version
            self._forget()
        version.load()
        if version.state != "AVAILABLE":
            self._tell_why(version)
            return False
        self._said.pop(number, None)
        self.tell(f"{self.name}: version {number} is served")
        self._replace(version)
        return True

    def _tell_why(self, version):
        # While a copy goes on, one file after the other is the first that is missing.
        why = "is not complete" if version.incomplete else f"does not load: {version.error}"
        if why in self._said[version.number]:
            return
        self._said[version.number].add(why)
        said = "is not complete" if version.incomplete else "does not load"
        kept = f"; version {self._served.number} stays" if self._served else ""
        self.tell(f"{self.name}: version {version.number} {said}{kept}: {version.error}")

    def _replace(self, version):
        with self._lock:
            old, self._served = self._served, version
        if old:
            # It may be wanted again, if the newer one is taken away.
            self._tried.pop(old.number, None)
            old.unload()
            _trim()
            self.tell(f"{self.name}: version {old.number} is unloaded")

    def _forget(self):
        ended = sorted(n for n, version in self._versions.items() if version.state == "END")
        for number in ended[:-KEPT]:
            del self._versions[number]


def _stamp(folder):
    """What changes when any of a version's files does; no copy keeps `st_ctime`."""
    stamp = []
    try:
        for name, about in find_files(folder):
            stamp.append((name, about.st_size, about.st_mtime_ns, about.st_ctime_ns, about.st_ino))
    except ValueError as error:  # too many files: looked at again when there are fewer
        stamp = [str(error)]
    return stamp


def _trim():
    """Hands the freed memory of a version back to the system, where the C library can."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
