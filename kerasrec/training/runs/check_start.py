"""Whether a starting checkpoint was trained on the parts that evaluate the new training."""

from kerasrec.errors import InputError
from kerasrec.evaluation.leakage import leakage_words, leaked_pairs
from kerasrec.models.checkpoints.checkpoint import load_trained_on

# The share of test pairs that a start may have been trained on: new data repeats some old pairs.
TOO_MUCH = 0.5


def check_start(key, folder, split, say):
    """Prints how much of the validation and test parts a starting checkpoint was trained on.

    Args:
        key: Key of the config that names the checkpoint, "init_from" or "content_from".
        folder: Checkpoint folder.
        split: `Split` of the new training; pairs that its train part holds as well do not count.
        say: Called with lines for people.

    Raises:
        InputError: if it was trained on more than half of the test part, or of the validation part
            where there is no test part.
    """
    record = load_trained_on(folder)
    parts = [part for part in ("validation", "test") if len(getattr(split, part))]
    for part in parts:
        found = leaked_pairs(record, split, part)
        if not found:
            continue
        text = f"{key}: {folder} was {leakage_words(found, part)}"
        if part == parts[-1] and found["share"] > TOO_MUCH:
            raise InputError(
                f"{text}. Start from a run of the same split, fold and seed, or leave {key} out; "
                "where users repeat interactions, give the whole table, not its new rows alone"
            )
        say(f"WARNING: {text}.")
