"""Runs the warm-up requests of an export before it is served.

TensorFlow builds and optimises the graph of a signature at its first run, which takes up to several
seconds. This follows tensorflow_serving/servables/tensorflow/saved_model_warmup_util.cc, with one
difference: signatures without records run once too, since a version whose variables are missing
loads but fails at every request.
"""

import struct

from kerasrec.savedmodel.c_loader import RunError, read_fields, read_tensor
from kerasrec.savedmodel.metadata import WARM_UP_FILE
from kerasrec.serving.default_request import default_request
from kerasrec.serving.refusal import CODES

MAX_RECORDS = 1000  # WarmupConsts::kMaxNumRecords
MAX_RECORD_BYTES = 64 << 20  # a record of an export has some thousand bytes


def warm_up(loaded, folder):
    """Runs the recorded warm-up requests of a SavedModel, and once each signature without any.

    Args:
        loaded: A `CLoader`.
        folder: Path of its SavedModel.

    Returns:
        The number of requests that were answered.

    Raises:
        ValueError: if the file is not a TFRecord of `PredictionLog`, or has more than 1000 records.
        RuntimeError: if a request fails.
    """
    signatures = _run_recorded(loaded, folder / WARM_UP_FILE)
    answered = len(signatures)
    for name in sorted(set(loaded.signatures) - set(signatures)):
        request = default_request(loaded.signatures[name])
        if request is not None:
            answered += _run_default(loaded, name, request)
    return answered


def _run_recorded(loaded, path):
    """Runs all recorded requests and returns the signature of each."""
    signatures = []
    if not path.is_file():
        return signatures
    try:
        for number, record in enumerate(_records(path), 1):
            if number > MAX_RECORDS:
                raise ValueError(f"more than {MAX_RECORDS} records")
            for signature, inputs in _requests(record):
                signatures.append(signature or "serving_default")
                loaded.run(signatures[-1], inputs)
    except (ValueError, struct.error) as error:
        raise ValueError(f"{path} is not a TFRecord of warm-up requests: {error}") from error
    return signatures


def _run_default(loaded, name, request):
    """Runs a default request; returns False if the model rejects its values as invalid."""
    try:
        loaded.run(name, request)
    except RunError as error:
        if CODES.get(error.code) != "INVALID_ARGUMENT":
            raise
        return False
    return True


def _records(path):
    """Yields the records of a TFRecord file (length, checksum, record, checksum), unchecked."""
    with open(path, "rb") as file:
        while head := file.read(12):
            (length,) = struct.unpack("<Q", head[:8])
            if length > MAX_RECORD_BYTES:
                raise ValueError(f"a record of {length:,} bytes")
            record = file.read(length)
            if len(record) < length or len(file.read(4)) < 4:
                raise ValueError("it ends within a record")
            yield record


def _requests(record):
    """Yields signature name and inputs of each request in a serialized `PredictionLog`.

    Fields: predict_log (6), request (1), model_spec (1), signature_name (3), inputs (2).
    """
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
