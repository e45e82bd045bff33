"""Decompresses request bodies: gzip, as in TF Serving, or no compression."""

import zlib

from kerasrec.serving.refusal import Refusal, invalid

GZIP = 16 + zlib.MAX_WBITS  # zlib's code for a gzip header
SHOWN = 40


def decompress(body, coding, most):
    """Decompresses a body by its `Content-Encoding`.

    Args:
        body: Bytes.
        coding: Value of the header; "" without one.
        most: Maximum number of decompressed bytes.

    Raises:
        Refusal: for another coding (415), a damaged body (400) or one that is too large (413).

    >>> import gzip
    >>> decompress(gzip.compress(b"{}"), "gzip", most=2)
    b'{}'
    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip"):
        message = f"Content-Encoding {coding[:SHOWN]!r} is not supported: send gzip or no encoding."
        raise Refusal("INVALID_ARGUMENT", message, 415)
    stream = zlib.decompressobj(GZIP)
    try:
        content = stream.decompress(body, most + 1)
    except zlib.error as error:
        raise invalid(f"The body is not gzip: {error}.") from error
    if len(content) > most:
        size = f"{most / (1 << 20):.3g} MiB"
        raise Refusal(
            "INVALID_ARGUMENT",
            f"The body is larger than {size} decompressed: split the request.",
            413,
        )
    # A body of very many tiny members would take too long.
    if not stream.eof or stream.unused_data:
        raise invalid("The body is not exactly one complete gzip member.")
    return content
