"""Builds the `Candidates` layer that an argument `candidates` names."""

from kerasrec.errors import InputError
from kerasrec.layers.all_candidates import AllCandidates
from kerasrec.layers.in_batch_candidates import InBatchCandidates
from kerasrec.layers.pair_candidates import PairCandidates
from kerasrec.layers.sampled_candidates import SampledCandidates

CANDIDATES = ("pair", "in_batch", "sampled", "sampled_by_popularity", "all")


def make_candidates(kind, num_items, num_negatives, log_q):
    """A `Candidates` layer.

    Args:
        kind: One of `CANDIDATES`.
        num_items: Rows of the item vocabulary.
        num_negatives: Shared negatives of the sampled kinds.
        log_q: Apply the logQ correction to "in_batch" and the sampled kinds: subtract the log of
            how often an item is drawn.

    Raises:
        InputError: if `kind` is none of `CANDIDATES`.
    """
    if kind == "pair":
        return PairCandidates(num_items, name="candidates")
    if kind == "in_batch":
        return InBatchCandidates(num_items, log_q=log_q, name="candidates")
    if kind in ("sampled", "sampled_by_popularity"):
        distribution = "uniform" if kind == "sampled" else "log_uniform"
        return SampledCandidates(
            num_items, num_negatives, distribution, log_q, seed=None, name="candidates"
        )
    if kind == "all":
        return AllCandidates(num_items, name="candidates")
    raise InputError(f"candidates must be one of {', '.join(CANDIDATES)}: got {kind!r}")
