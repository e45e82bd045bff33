"""Checks the URL of a server."""

import urllib.parse

import urllib3

from kerasrec.errors import InputError

SCHEMES = ("http", "https", "grpc", "grpcs")


def read_address(url):
    """Returns (scheme, host:port) of a url.

    Raises:
        InputError: for another scheme, a missing host, an invalid port, or parts that would be
            ignored: a user, a query and, for gRPC, a path.

    >>> read_address("grpc://localhost:8500")
    ('grpc', 'localhost:8500')
    """
    try:
        valid = _is_valid(url)
    except ValueError:
        valid = False
    if not valid:
        raise InputError(
            "url must look like http://localhost:8501 or grpc://localhost:8500, with a port from 1 "
            f"to 65535 if any: got {url!r:.200}"
        )
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.netloc


def _is_valid(url):
    # `urlsplit` removes line breaks and tabs silently.
    if not isinstance(url, str) or any(char <= " " or char == "\x7f" for char in url):
        return False
    parts = urllib.parse.urlsplit(url)
    url.encode()
    (parts.hostname or "").encode("idna")
    urllib3.util.parse_url(url)
    unused = parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme.startswith("grpc"):
        unused = unused or parts.path.strip("/")
    return parts.scheme in SCHEMES and parts.hostname and parts.port != 0 and not unused
