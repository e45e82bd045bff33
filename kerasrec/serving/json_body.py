"""Parses the JSON of an untrusted request body."""

import gc
import json
import threading

from kerasrec.files.saved_json import repeated_key
from kerasrec.serving.refusal import invalid


class _NoGarbageCollection:
    """Context manager that turns off garbage collection, for any number of threads at a time.

    While millions of lists are created, Python would search for cycles repeatedly and hold the
    interpreter lock.
    """

    def __init__(self):
        self._users, self._was_enabled, self._lock = 0, True, threading.Lock()

    def __enter__(self):
        with self._lock:
            if not self._users:
                self._was_enabled = gc.isenabled()
                gc.disable()
            self._users += 1

    def __exit__(self, *error):
        with self._lock:
            self._users -= 1
            if self._was_enabled and not self._users:
                gc.enable()


NO_GARBAGE_COLLECTION = _NoGarbageCollection()


def read_json(body):
    """Parses UTF-8 JSON.

    Duplicate names in an object are refused, since parsers differ in which value they take.

    Args:
        body: Bytes.

    Raises:
        Refusal: for invalid JSON, a duplicate name, or too much nesting or too many digits.

    >>> read_json(b'{"items": ["a", 1e400]}')
    {'items': ['a', inf]}
    """
    try:
        with NO_GARBAGE_COLLECTION:
            return json.loads(body.decode("utf-8"), object_pairs_hook=_object)
    except RecursionError:
        reason = "it is nested too deeply"
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        reason = error
    except ValueError:  # sys.get_int_max_str_digits
        reason = "a number has too many digits"
    raise invalid(f"JSON Parse error: {reason}")


def _object(pairs):
    found = dict(pairs)
    if len(found) < len(pairs):
        name = json.dumps(repeated_key(pairs))
        raise invalid(f"JSON Parse error: the name {name} is given twice")
    return found
