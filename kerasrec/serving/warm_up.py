"""The requests of an export that are answered before anybody waits for an answer.

TensorFlow builds and optimises the graph of a signature when it is first asked, which takes up to
seconds. tensorflow_serving/servables/tensorflow/saved_model_warmup_util.cc is what this follows,
but for the signatures without records: they are asked once as well, as a version without its
variables loads and then answers nobody.
"""

import struct

from kerasrec.savedmodel.about import WARM_UP
from kerasrec.savedmodel.c_loader import RunError, read_fields, read_tensor
from kerasrec.serving.made_request import made_request
from kerasrec.serving.refusal import CODES

MOST = 1000  # WarmupConsts::kMaxNumRecords
LARGEST = 64 << 20  # bytes of a record; those of an export are some thousands


def warm_up(loaded, folder):
    """Asks a loaded SavedModel what its folder's warm-up records hold, and each other signature.

    Args:
        loaded: A `CLoader`.
        folder: Path of its SavedModel.

    Returns:
        How many requests were answered.

    Raises:
        ValueError: if the file is no TFRecord of `PredictionLog`, or holds more than 1000.
        RuntimeError: if one of the requests is refused.
    """
    asked = _ask_recorded(loaded, folder / WARM_UP)
    answered = len(asked)
    for name in sorted(set(loaded.signatures) - set(asked)):
        request = made_request(loaded.signatures[name])
        if request is not None:
            answered += _ask_made(loaded, name, request)
    return answered


def _ask_recorded(loaded, path):
    """The signatures of the records that were answered, one for each."""
    asked = []
    if not path.is_file():
        return asked
    try:
        for number, record in enumerate(_records(path), 1):
            if number > MOST:
                raise ValueError(f"more than {MOST} records")
            for signature, inputs in _requests(record):
                asked.append(signature or "serving_default")
                loaded.run(asked[-1], inputs)
    except (ValueError, struct.error) as error:
        raise ValueError(f"{path} is no TFRecord of warm-up requests: {error}") from error
    return asked


def _ask_made(loaded, name, request):
    """Whether it was answered: a model may refuse nothing as a request, but must have looked."""
    try:
        loaded.run(name, request)
    except RunError as error:
        if CODES.get(error.code) != "INVALID_ARGUMENT":
            raise
        return False
    return True


def _records(path):
    """Length, its checksum, the record, its checksum: TFRecord. The checksums are not read."""
    with open(path, "rb") as file:
        while head := file.read(12):
            (length,) = struct.unpack("<Q", head[:8])
            if length > LARGEST:
                raise ValueError(f"a record of {length:,} bytes")
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
                name, tensor = ([*read_fields(entry, number)] for number in (1, 2))
                if not (name and tensor):
                    raise ValueError("an input without its name or its values")
                inputs[bytes(name[-1]).decode()] = read_tensor(tensor[-1])
            yield (names[-1].decode() if names else ""), inputs
