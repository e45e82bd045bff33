"""Whether a training may start from what another one has learned."""

from kerasrec.errors import InputError
from kerasrec.evaluation.leakage import leakage_words, leaked_pairs
from kerasrec.models.checkpoints.checkpoint import load_trained_on

# More of it cannot come of a table that has grown.
TOO_MUCH = 0.5


def check_start(key, folder, split, say):
    """Says what of the validation and test parts a start was trained on.

    Args:
        key: Of the config, "init_from" or "content_from".
        folder: Checkpoint folder that it names.
        split: `Split` of the new training; the pairs of its own train part may be known.
        say: Called with lines for people.

    Raises:
        InputError: for a start that was trained on more than half of what decides: the test part,
            or the validation part where there is no other.
    """
    record = load_trained_on(folder)
    if not record.complete:
        say(
            f"{key}: {folder} does not record all that it was trained on, so whether it has seen "
            "the test part cannot be checked."
        )
    parts = [part for part in ("validation", "test") if len(getattr(split, part))]
    for part in parts:
        found = leaked_pairs(record, split, part)
        if not found:
            continue
        said = f"{key}: {folder} was {leakage_words(found, part)}"
        if part == parts[-1] and found["share"] > TOO_MUCH:
            raise InputError(
                f"{said}. Start from a run of the same split, fold and seed, or leave out {key}; "
                "where people repeat what they did, give the whole table, not its new rows alone"
            )
        say(f"WARNING: {said}.")
