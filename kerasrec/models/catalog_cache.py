"""The vectors of a catalog, computed again only when a weight has changed."""

import zlib

import numpy as np
from keras import ops

from kerasrec.tables.rows import read_blocks


class CatalogCache:
    """Keeps what was computed from some weights until one of them changes.

    A weight has no version number and may be assigned by anybody, so all of them are compared by
    a checksum of 32 bits for each: a gigabyte takes about a second, an encoder of texts much
    longer.
    """

    def __init__(self):
        self._checksums = None
        self._value = None

    def get(self, weights, compute):
        """`compute()`, or its last value if no weight has changed since."""
        now = [_checksum(weight) for weight in weights]
        if now != self._checksums:
            self.clear()
            self._value = compute()
            self._checksums = now
        return self._value

    def clear(self):
        """Forgets the value, and with it the memory it takes."""
        self._checksums = self._value = None


def _checksum(weight):
    found = 0
    for block in read_blocks(weight):
        # Flat, since NumPy warns of a scalar of TensorFlow.
        values = np.ascontiguousarray(ops.convert_to_numpy(ops.reshape(block, (-1,))))
        found = zlib.crc32(values.view("uint8"), found)
    return found
