"""What a body is packed with: gzip, as TF Serving takes it, or nothing."""

import zlib

from kerasrec.serving.refusal import Refusal, invalid

GZIP = 16 + zlib.MAX_WBITS  # zlib's way to say that a gzip header is expected
SHOWN = 40


def unpacked(body, coding, most):
    """A body without its `Content-Encoding`.

    Args:
        body: Bytes.
        coding: What the header says; "" without one.
        most: Bytes that it may have unpacked.

    Raises:
        Refusal: for another coding (415), a damaged body (400) or too large a one (413).

    >>> import gzip
    >>> unpacked(gzip.compress(b"{}"), "gzip", most=2)
    b'{}'
    """
    coding = coding.strip().lower()
    if coding in ("", "identity"):
        return body
    if coding not in ("gzip", "x-gzip"):
        said = f"Content-Encoding {coding[:SHOWN]!r} is not read: send gzip, or the body as it is."
        raise Refusal("INVALID_ARGUMENT", said, 415)
    stream = zlib.decompressobj(GZIP)
    try:
        found = stream.decompress(body, most + 1)
    except zlib.error as error:
        raise invalid(f"The body is no gzip: {error}.") from error
    if len(found) > most:
        size = f"{most / (1 << 20):.3g} MiB"
        raise Refusal(
            "INVALID_ARGUMENT", f"The body is larger than {size} unpacked: split the request.", 413
        )
    # Of several members, each of a few bytes, one body could hold a great many.
    if not stream.eof or stream.unused_data:
        raise invalid("The body is not one whole gzip member.")
    return found
