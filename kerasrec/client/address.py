"""Where a server is, as the caller says it."""

import urllib.parse

import urllib3

from kerasrec.errors import InputError

SCHEMES = ("http", "https", "grpc", "grpcs")


def read_address(url):
    """(scheme, host:port) of a url, checked before anything is sent.

    Raises:
        InputError: for another scheme, no host, a port that is none, or parts that would not be
            used: a user, a query and, for gRPC, a path.

    >>> read_address("grpc://localhost:8500")
    ('grpc', 'localhost:8500')
    """
    try:
        usable = _usable(url)
    except ValueError:
        usable = False
    if not usable:
        raise InputError(
            "url must look like http://localhost:8501 or grpc://localhost:8500, with a port from 1 "
            f"to 65535 if any: got {url!r:.200}"
        )
    parts = urllib.parse.urlsplit(url)
    return parts.scheme, parts.netloc


def _usable(url):
    # `urlsplit` drops line breaks and tabs without a word.
    if not isinstance(url, str) or any(sign <= " " or sign == "\x7f" for sign in url):
        return False
    parts = urllib.parse.urlsplit(url)
    url.encode()
    (parts.hostname or "").encode("idna")
    urllib3.util.parse_url(url)
    unused = parts.query or parts.fragment or "@" in parts.netloc
    if parts.scheme.startswith("grpc"):
        unused = unused or parts.path.strip("/")
    return parts.scheme in SCHEMES and parts.hostname and parts.port != 0 and not unused
