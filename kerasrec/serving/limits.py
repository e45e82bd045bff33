"""What one server takes upon itself, so that no request and no crowd of them exhausts it."""

import dataclasses
import os


@dataclasses.dataclass(frozen=True)
class Limits:
    """Bounds of a server; all have a value that a developer's machine can bear.

    Attributes:
        body: Bytes of a request, packed or unpacked.
        rows: Rows of a request: an answer is as many times as long as its items.
        values: Rows times the values of a row, all inputs together: one row may stand for all. Of a
            batch as of a request.
        explained: Rows times the widest list of `recommend_explained`, which asks the model once
            per item of a history.
        waiting: Requests at the same time, those that wait included; one more is turned away.
        waiting_bytes: Bytes of their bodies together.
        timeout: Seconds for a request, as `--rest_api_timeout_in_ms` of TF Serving.
        threads: Requests worked on at the same time, by REST and by gRPC each. As TF Serving's
            `--rest_api_num_threads`, four a core.
    """

    body: int = 8 << 20
    rows: int = 1024
    values: int = 1 << 21
    explained: int = 1 << 14
    waiting: int = 256
    waiting_bytes: int = 64 << 20
    timeout: float = 30.0
    threads: int = 4 * (os.cpu_count() or 1)
