"""Checks the weights file of a checkpoint before Keras reads it."""

import pathlib
import warnings

import h5py

from kerasrec.config.first_line import first_line
from kerasrec.errors import InputError
from kerasrec.files.plain_file import plain_size

# The layouts of arrays that Keras writes: neither chunked nor compressed.
LAYOUTS = (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)


class WeightsFile:
    """A `.weights.h5` file that holds complete arrays of numbers and nothing else.

    HDF5 has features that Keras does not use: a dataset may lie in another file of this machine, be
    a link, consist of parts of other datasets, be compressed a thousandfold, or have 10^12 entries
    that were never written. A reader would follow all of these. So this class walks the tree
    without reading an array, and requires that the bytes of each array are in this file.

    Args:
        path: The file.

    Attributes:
        num_arrays: Number of arrays.
        num_numbers: Number of values in all arrays.

    Raises:
        InputError: for any other file.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.num_arrays, self.num_numbers, self._bytes = 0, 0, 0
        size = plain_size(path)
        try:
            with h5py.File(path, "r") as file:
                self._visit(file, seen={h5py.h5o.get_info(file.id).addr})
        except InputError as error:
            raise InputError(f"{path} is damaged: {error}") from None
        except Exception as error:  # h5py raises exceptions of many types for a damaged file
            raise InputError(f"{path} is damaged: {first_line(error)}") from error
        if self._bytes > size:
            raise InputError(
                f"{path} is damaged: its arrays claim {self._bytes:,} bytes, the file has {size:,}"
            )

    def load_into(self, model, version):
        """Reads the weights into a model.

        Args:
            model: Built from the arguments of the same checkpoint.
            version: Version of kerasrec that wrote it, for the error message.

        Raises:
            InputError: if the weights do not fit the model's layers.
        """
        try:
            with warnings.catch_warnings():
                # Keras only warns if it leaves some layers at their initial weights.
                warnings.filterwarnings("error", "Skipping", UserWarning)
                model.load_weights(self.path)
        except (ValueError, UserWarning) as error:
            raise InputError(
                f"{self.path} was written by another version of {type(model).__name__} (kerasrec "
                f"{version}): its weights do not fit this one's layers"
            ) from error
        except Exception as error:
            raise InputError(f"{self.path} is damaged: {first_line(error)}") from error

    def _visit(self, group, seen):
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise InputError(f"{name!r:.80} is a link to another place or file")
            node = group[name]
            address = h5py.h5o.get_info(node.id).addr
            if address in seen:
                raise InputError(f"{name!r:.80} is stored under two names")
            seen.add(address)
            if isinstance(node, h5py.Group):
                self._visit(node, seen)
            else:
                self._count(node, name)

    def _count(self, array, name):
        if not isinstance(array, h5py.Dataset) or array.dtype.kind not in "biuf":
            raise InputError(f"{name!r:.80} is not an array of numbers")
        properties = array.id.get_create_plist()
        if properties.get_layout() not in LAYOUTS or properties.get_external_count():
            raise InputError(
                f"the array {array.name:.80} is compressed, in chunks or in another file"
            )
        if array.shape is None or array.id.get_storage_size() != array.nbytes:
            raise InputError(
                f"the array {array.name:.80} has the shape {array.shape}, but only "
                f"{array.id.get_storage_size():,} bytes are stored"
            )
        self.num_arrays += 1
        self.num_numbers += array.size
        self._bytes += array.nbytes
