"""The requests of an export that are answered before anybody waits for an answer.

TensorFlow builds and optimises the graph of a signature when it is first asked, which takes up to
seconds. tensorflow_serving/servables/tensorflow/saved_model_warmup_util.cc is what this follows.
"""

import struct

from kerasrec.savedmodel.about import WARM_UP
from kerasrec.savedmodel.c_loader import read_fields, read_tensor

MOST = 1000  # WarmupConsts::kMaxNumRecords


def warm_up(loaded, folder):
    """Asks a loaded SavedModel what its folder's warm-up records hold.

    Args:
        loaded: A `CLoader`.
        folder: Path of its SavedModel.

    Returns:
        How many requests were asked; 0 without the file.

    Raises:
        ValueError: if the file is no TFRecord of `PredictionLog`, or holds more than 1000.
        RuntimeError: if one of the requests is refused.
    """
    path = folder / WARM_UP
    if not path.is_file():
        return 0
    asked = 0
    try:
        for record in _records(path):
            asked += 1
            if asked > MOST:
                raise ValueError(f"more than {MOST} records")
            for signature, inputs in _requests(record):
                loaded.run(signature or "serving_default", inputs)
    except (ValueError, IndexError, struct.error) as error:
        raise ValueError(f"{path} is no TFRecord of warm-up requests: {error}") from error
    return asked


def _records(path):
    """Length, its checksum, the record, its checksum: TFRecord. The checksums are not read."""
    with open(path, "rb") as file:
        while head := file.read(12):
            (length,) = struct.unpack("<Q", head[:8])
            if length > path.stat().st_size:
                raise ValueError("it ends within a record")
            record = file.read(length)
            if len(record) < length or len(file.read(4)) < 4:
                raise ValueError("it ends within a record")
            yield record


def _requests(record):
    """Of a `PredictionLog`: predict_log (6), request (1), model_spec (1), signature_name (3)."""
    for log in read_fields(record, 6):
        for request in read_fields(log, 1):
            names = [
                bytes(name) for spec in read_fields(request, 1) for name in read_fields(spec, 3)
            ]
            inputs = {}
            for entry in read_fields(request, 2):
                (name,) = read_fields(entry, 1)
                inputs[bytes(name).decode()] = read_tensor(next(iter(read_fields(entry, 2))))
            yield (names[-1].decode() if names else ""), inputs
