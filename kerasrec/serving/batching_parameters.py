"""Reads the batching parameters of TF Serving from a file in its format."""

import dataclasses
import os
import pathlib
import re

from kerasrec.errors import InputError

# Protobuf text format. Numbers are wrapped in a message: max_batch_size { value: 64 }
NUMBER = r"(\w+)\s*:?\s*\{\s*value\s*:\s*(\d+)\s*\}"
BOOLEAN = r"(\w+)\s*:\s*(true|false)"
POOL_NAME = r"(thread_pool_name)\s*:?\s*\{\s*value\s*:\s*(?:\"[^\"]*\"|'[^']*')\s*\}"


@dataclasses.dataclass(frozen=True)
class BatchingParameters:
    """`BatchingParameters` of tensorflow_serving/servables/tensorflow/session_bundle_config.proto.

    The defaults are those of tensorflow/core/kernels/batching_util/shared_batch_scheduler.h.

    Attributes:
        max_batch_size: Maximum number of rows of a batch.
        batch_timeout_micros: How long a batch waits for more rows while a thread is free.
        max_enqueued_batches: Length of the queue of a signature, in batches; further requests are
            refused.
        num_batch_threads: Number of batches that run at the same time.
        pad_variable_length_inputs: Pad lists of unequal length; else they are refused.

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "batching.config"
    >>> _ = path.write_text("max_batch_size { value: 64 }  # rows")
    >>> BatchingParameters.read(path).max_batch_size
    64
    """

    max_batch_size: int = 1000
    batch_timeout_micros: int = 0
    max_enqueued_batches: int = 10
    num_batch_threads: int = os.cpu_count() or 1
    pad_variable_length_inputs: bool = False

    @classmethod
    def read(cls, path):
        """Reads a file for TF Serving's `--batching_parameters_file`.

        Raises:
            InputError: if the file cannot be read, or has a field that is not supported.
        """
        try:
            text = pathlib.Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from error
        text = re.sub(r"#.*", "", text)
        found = {}
        for pattern, value in ((NUMBER, int), (BOOLEAN, "true".__eq__)):
            found |= {name: value(given) for name, given in re.findall(pattern, text)}
            text = re.sub(pattern, "", text)
        text = re.sub(POOL_NAME, "", text)
        names = [field.name for field in dataclasses.fields(cls)]
        if unknown := sorted(set(found) - set(names)) or text.split():
            raise InputError(
                f"{path}: {unknown[0]!r} is not supported; expected {', '.join(names)}, written as "
                "max_batch_size { value: 64 }"
            )
        for name in ("max_batch_size", "max_enqueued_batches", "num_batch_threads"):
            if found.get(name, 1) < 1:
                raise InputError(f"{path}: {name} must be at least 1: got {found[name]}")
        return cls(**found)
