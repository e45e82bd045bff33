"""Random numbers that belong to a request."""

import hashlib

import numpy as np


def request_random(request, salt="", row=0):
    """A generator whose numbers follow from the id of a request, so that a draw can be repeated.

    Args:
        request: Id of the request, a text.
        salt: A text that another server or experiment has differently.
        row: Number of the row within a request that asks about several users.

    Returns:
        A `numpy.random.Generator`, seeded with BLAKE2b of the three.

    >>> float(request_random("r-1").random()) == float(request_random("r-1").random())
    True
    >>> float(request_random("r-1").random()) == float(request_random("r-1", row=1).random())
    False
    """
    # JSON-like quoting: no two triples have the same text.
    text = repr((str(request), str(salt), int(row))).encode("utf-8", "surrogatepass")
    return np.random.default_rng(int.from_bytes(hashlib.blake2b(text, digest_size=16).digest()))
