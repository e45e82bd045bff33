"""The JSON of a request's body, whoever wrote it."""

import gc
import json
import threading

from kerasrec.files.saved_json import repeated_key
from kerasrec.serving.refusal import invalid


class _Pause:
    """No garbage collection while somebody is inside.

    Among millions of new lists, Python looks for cycles again and again, and nobody else works.
    """

    def __init__(self):
        self._inside, self._was, self._lock = 0, True, threading.Lock()

    def __enter__(self):
        with self._lock:
            if not self._inside:
                self._was = gc.isenabled()
                gc.disable()
            self._inside += 1

    def __exit__(self, *error):
        with self._lock:
            self._inside -= 1
            if self._was and not self._inside:
                gc.enable()


PAUSE = _Pause()


def read_json(body):
    """What a body of UTF-8 says in JSON.

    A name that an object gives twice is refused: parsers differ in which value they take.

    Args:
        body: Bytes.

    Raises:
        Refusal: for what is no such JSON, or more than is read of nesting and digits.

    >>> read_json(b'{"items": ["a", 1e400]}')
    {'items': ['a', inf]}
    """
    try:
        with PAUSE:
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
        twice = json.dumps(repeated_key(pairs))
        raise invalid(f"JSON Parse error: the name {twice} is given twice")
    return found
