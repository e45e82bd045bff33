"""Which version answers whom."""

import hashlib

from kerasrec.errors import InputError

STEPS = 1 << 53


class VersionShares:
    """Assigns people to versions by a hash: the same person always has the same version.

    With `u = BLAKE2b(salt, person) / 2^64` and the shares in the order given, a person has the
    first version whose cumulated share is above u. Who has the last version keeps it when its share
    grows, and another salt mixes all anew.

    Args:
        shares: dict of a name, or a number as text, to a share above 0; they are divided by their
            sum.
        salt: A text that another experiment has differently.

    Attributes:
        shares: dict name -> share of 1.

    Raises:
        InputError: without shares, or for one that is not above 0.

    Source: Kohavi, Tang, Xu, Trustworthy online controlled experiments (2020), chapter 13.

    >>> VersionShares({"stable": 90, "canary": 10}).version_of("ann")
    'stable'
    """

    def __init__(self, shares, salt=""):
        if not shares or not all(0 < share < float("inf") for share in shares.values()):
            raise InputError(f"shares: expected numbers above 0 for some versions, got {shares}")
        total = sum(shares.values())
        self.shares = {name: share / total for name, share in shares.items()}
        self._salt = str(salt)

    def version_of(self, person):
        """The version of a person, by the id of the user or, without one, of the request."""
        text = repr((self._salt, str(person))).encode("utf-8", "surrogatepass")
        digest = int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "big")
        place, above = (digest >> 11) / STEPS, 0.0
        for name, share in self.shares.items():
            above += share
            if place < above:
                return name
        return name  # the shares sum to 1 but for rounding


def parse_shares(text):
    """The shares of `stable=90,canary=10`, as a dict.

    Raises:
        InputError: for another text.

    >>> parse_shares("stable=90,canary=10")
    {'stable': 90.0, 'canary': 10.0}
    """
    shares = {}
    for part in str(text).split(","):
        name, _, number = (one.strip() for one in part.partition("="))
        try:
            share = float(number)
        except ValueError:
            share = 0.0
        if not name or name in shares or not 0 < share < float("inf"):
            raise InputError(
                "expected versions with their shares above 0, such as stable=90,canary=10: got "
                f"{text!r}"
            )
        shares[name] = share
    return shares
