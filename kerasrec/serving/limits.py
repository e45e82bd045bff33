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
        headers: Seconds for the head of a request, from when its connection was opened.
        connections: Open ones, of REST and of gRPC each; three eighths of the files that the
            process may open, where that is less.
        address_connections: Of them over REST from one address. More than `waiting`, so that a
            proxy, which is one address, can have all of these; less than `connections`, so that no
            address has all of those. Of an address over it, the one closed is that which has
            waited longest without asking.
    """

    body: int = 8 << 20
    rows: int = 1024
    values: int = 1 << 21
    explained: int = 1 << 14
    waiting: int = 256
    waiting_bytes: int = 64 << 20
    timeout: float = 30.0
    threads: int = 4 * (os.cpu_count() or 1)
    headers: float = 10.0
    connections: int = 384
    address_connections: int = 320
