"""The file of a checkpoint's weights, before Keras reads it."""

import pathlib
import warnings

import h5py

from kerasrec.config.first_line import first_line
from kerasrec.errors import InputError
from kerasrec.files.plain_file import plain_size

# As h5py writes arrays that are given whole, and Keras gives no others.
LAYOUTS = (h5py.h5d.CONTIGUOUS, h5py.h5d.COMPACT)


class WeightsFile:
    """A `.weights.h5` that holds arrays of numbers, all of them, and nothing else.

    HDF5 can do more than Keras asks of it: a dataset may lie in any other file of this machine, be
    linked from one, be made of the parts of others, be packed a thousandfold or not be written at
    all and still have 10^12 places. Whoever reads it reads what it says. Here its tree is gone
    through without reading an array, and each must have its bytes in this file.

    Args:
        path: The file.

    Attributes:
        arrays: How many there are.
        numbers: How many numbers they have together.

    Raises:
        InputError: for any other file.
    """

    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.arrays, self.numbers, self._bytes = 0, 0, 0
        size = plain_size(path)
        try:
            with h5py.File(path, "r") as file:
                self._visit(file, seen={h5py.h5o.get_info(file.id).addr})
        except InputError as error:
            raise InputError(f"{path} is damaged: {error}") from None
        except Exception as error:  # HDF5 has an exception of every kind for a file that is none
            raise InputError(f"{path} is damaged: {first_line(error)}") from error
        if self._bytes > size:
            raise InputError(
                f"{path} is damaged: its arrays are said to have {self._bytes:,} bytes, the file "
                f"has {size:,}"
            )

    def give(self, model, version):
        """Reads the weights into a model.

        Args:
            model: Built from the arguments of the same checkpoint.
            version: Of kerasrec that wrote it, for the sentence of an error.

        Raises:
            InputError: if the weights are not those of the model's layers.
        """
        try:
            with warnings.catch_warnings():
                # It is all that Keras says where it leaves some layers as they were made.
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
            found = group[name]
            address = h5py.h5o.get_info(found.id).addr
            if address in seen:
                raise InputError(f"{name!r:.80} is there under two names")
            seen.add(address)
            if isinstance(found, h5py.Group):
                self._visit(found, seen)
            else:
                self._count(found, name)

    def _count(self, found, name):
        if not isinstance(found, h5py.Dataset) or found.dtype.kind not in "biuf":
            raise InputError(f"{name!r:.80} is no array of numbers")
        made = found.id.get_create_plist()
        if made.get_layout() not in LAYOUTS or made.get_external_count():
            raise InputError(f"the array {found.name:.80} is packed, in parts or in another file")
        if found.shape is None or found.id.get_storage_size() != found.nbytes:
            raise InputError(
                f"the array {found.name:.80} is said to have the shape {found.shape}, and "
                f"{found.id.get_storage_size():,} bytes are there"
            )
        self.arrays += 1
        self.numbers += found.size
        self._bytes += found.nbytes
