"""Whether people were assigned to versions in the shares that were asked for."""

from scipy import special

from kerasrec.errors import InputError

ALPHA = 0.001  # a mismatch makes all other numbers doubtful, and is tested every day


def sample_ratio(counts, shares):
    """The chi-square test of the numbers of people of versions against their shares.

    A small p is a fault in assigning or in logging, not an effect of a version: nothing else in a
    report is to be trusted then.

    Args:
        counts: dict version -> number of people.
        shares: dict version -> share, above 0; they need not sum to 1.

    Returns:
        dict `p`, `mismatch` (whether p is below 0.001), and `expected`, version -> people.

    Raises:
        InputError: if the versions of both differ, or a share is not above 0.

    Source: Fabijan et al., Diagnosing sample ratio mismatch in online controlled experiments, KDD
    2019.

    >>> found = sample_ratio({"a": 60, "b": 40}, {"a": 1, "b": 1})
    >>> round(found["p"], 4), found["mismatch"]  # chi-square is 4
    (0.0455, False)
    """
    unknown = sorted(set(counts) ^ set(shares))
    if unknown:
        raise InputError(
            f"shares: the log has the versions {', '.join(sorted(counts))}, the shares name "
            f"{', '.join(sorted(shares))}: they must be the same"
        )
    if not all(share > 0 for share in shares.values()):
        raise InputError(f"shares: expected numbers above 0, got {shares}")
    people, total = sum(counts.values()), sum(shares.values())
    expected = {name: people * share / total for name, share in shares.items()}
    square = sum((counts[name] - one) ** 2 / one for name, one in expected.items() if people)
    p = float(special.chdtrc(len(counts) - 1, square)) if len(counts) > 1 else 1.0
    return {"p": p, "mismatch": p < ALPHA, "expected": expected}
