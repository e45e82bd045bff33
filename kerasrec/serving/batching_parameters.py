"""The parameters of TF Serving's batching, read from its own file format."""

import dataclasses
import os
import pathlib
import re

from kerasrec.errors import InputError

# A number stands in a message of its own: max_batch_size { value: 64 }
NUMBER = r"(\w+)\s*:?\s*\{\s*value\s*:\s*(\d+)\s*\}"
PLAIN = r"(\w+)\s*:\s*(true|false)"
NAME = r"(thread_pool_name)\s*:?\s*\{\s*value\s*:\s*(?:\"[^\"]*\"|'[^']*')\s*\}"


@dataclasses.dataclass(frozen=True)
class BatchingParameters:
    """`BatchingParameters` of tensorflow_serving/servables/tensorflow/session_bundle_config.proto.

    The defaults are those of tensorflow/core/kernels/batching_util/shared_batch_scheduler.h.

    Attributes:
        max_batch_size: Rows of a batch.
        batch_timeout_micros: How long a batch waits for more rows while a thread is free.
        max_enqueued_batches: Batches of one signature that wait; a request beyond is turned away.
        num_batch_threads: Batches answered at the same time.
        pad_variable_length_inputs: Lists of unequal length are made equal; else they are refused.

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
        """Of a file for `--batching_parameters_file` of TF Serving.

        Raises:
            InputError: if the file is not there, or holds something that is not read here.
        """
        try:
            text = pathlib.Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise InputError(f"{path}: cannot be read: {error.strerror}") from error
        text = re.sub(r"#.*", "", text)
        found = {}
        for pattern, value in ((NUMBER, int), (PLAIN, "true".__eq__)):
            found |= {name: value(given) for name, given in re.findall(pattern, text)}
            text = re.sub(pattern, "", text)
        text = re.sub(NAME, "", text)
        names = [field.name for field in dataclasses.fields(cls)]
        if unknown := sorted(set(found) - set(names)) or text.split():
            raise InputError(
                f"{path}: {unknown[0]!r} is not read here; expected {', '.join(names)}, written as "
                "max_batch_size { value: 64 }"
            )
        for name in ("max_batch_size", "max_enqueued_batches", "num_batch_threads"):
            if found.get(name, 1) < 1:
                raise InputError(f"{path}: {name} must be at least 1: got {found[name]}")
        return cls(**found)
