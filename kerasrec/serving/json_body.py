"""The JSON of a request's body, whoever wrote it."""

import json

from kerasrec.serving.refusal import invalid


def read_json(body):
    """What a body of UTF-8 says in JSON.

    A name that an object gives twice is refused: TF Serving takes the first value, Python the last.

    Args:
        body: Bytes.

    Raises:
        Refusal: for what is no such JSON, or more than is read of nesting and digits.

    >>> read_json(b'{"items": ["a", 1e400]}')
    {'items': ['a', inf]}
    """
    try:
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
        seen = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        raise invalid(f"JSON Parse error: the name {json.dumps(twice)} is given twice")
    return found
