"""Resource limits of a server, so that no number of requests exhausts it."""

import dataclasses
import os


@dataclasses.dataclass(frozen=True)
class Limits:
    """Resource limits of a server; the defaults suit a developer's machine.

    Attributes:
        body: Maximum bytes of a body, compressed and decompressed.
        rows: Maximum rows of a request. An answer has k items for each row.
        values: Maximum of rows times values per row, over all inputs, for a request and for a
            batch. A one-row input counts for every row.
        explained: Maximum of rows times the widest list in `recommend_explained`, which runs the
            model once for each item of a history, and in `profile`, which reads all values of each.
        waiting: Maximum requests in progress, including waiting ones; further ones are refused.
        waiting_bytes: Maximum total bytes of their bodies.
        timeout: Seconds for a request, as TF Serving's `--rest_api_timeout_in_ms`.
        threads: Requests that run at the same time, for REST and gRPC each: four per core, as TF
            Serving's `--rest_api_num_threads`.
        headers: Seconds for the head of a request, from the opening of its connection.
        connections: Maximum open connections, for REST and gRPC each, and at most three eighths of
            the files that the process may open.
        address_connections: Maximum REST connections from one address; above it the connection
            that has been idle longest is closed. It is larger than `waiting`, so that a proxy (one
            address) can use all of these, and smaller than `connections`, so that one address
            cannot use all of those.
        poll: Seconds between two checks of the folder for new versions.
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
    poll: float = 1.0
