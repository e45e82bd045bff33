"""Which versions of a model are served: the newest one in its folder that loads."""

import contextlib
import ctypes
import threading

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
        say: Is called with a line about every change.
    """

    def __init__(self, folder, name=None, only=None, *, limits, batching=None, say=print):
        self.folder, self.name = folder, name or folder.name
        self._only, self._limits, self._batching, self._say = only, limits, batching, say
        self._versions, self._tried = {}, {}
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

        A version that did not load is not tried again until its files change.
        """
        with self._polling:
            found = self._found()
            for number in sorted(found, reverse=True):
                if self._served and number == self._served.number:
                    return
                if self._tried.get(number) == found[number]:
                    continue
                self._tried[number] = found[number]
                if self._load(number):
                    return

    def close(self):
        """Unloads what is served, after the last request in flight."""
        with self._polling:
            self._replace(None)

    def _found(self):
        """Number -> what changes when the version's files do."""
        found = {}
        with contextlib.suppress(OSError):
            for folder in self.folder.iterdir():
                if is_version(folder.name) and folder.is_dir():
                    number = int(folder.name)
                    if self._only in (None, number):
                        found[number] = (folder, _stamp(folder), _stamp(folder / "saved_model.pb"))
        return found

    def _load(self, number):
        folder = self._tried[number][0]
        version = Version(number, folder, self._limits, self._batching)
        with self._lock:
            self._versions[number] = version
            self._forget()
        version.load()
        if version.state != "AVAILABLE":
            kept = f"; version {self._served.number} stays" if self._served else ""
            self._say(f"{self.name}: version {number} does not load{kept}: {version.error}")
            return False
        self._say(f"{self.name}: version {number} is served")
        self._replace(version)
        return True

    def _replace(self, version):
        with self._lock:
            old, self._served = self._served, version
        if old:
            # It may be wanted again, if the newer one is taken away.
            self._tried.pop(old.number, None)
            old.unload()
            _trim()
            self._say(f"{self.name}: version {old.number} is unloaded")

    def _forget(self):
        ended = sorted(n for n, version in self._versions.items() if version.state == "END")
        for number in ended[:-KEPT]:
            del self._versions[number]


def _stamp(path):
    try:
        about = path.stat()
    except OSError:
        return None
    # No copy keeps the time of the last change of status.
    return about.st_ctime_ns, about.st_ino, about.st_size


def _trim():
    """Hands the freed memory of a version back to the system, where the C library can."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)
