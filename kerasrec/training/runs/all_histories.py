"""What users did, for the checkpoint of a finished run."""

from kerasrec.models.checkpoints.checkpoint import load_histories


def all_histories(data, start, say=lambda line: None):
    """What users did, in the data and, of a training that was started from another, before it."""
    now = data.histories()
    if not start:
        return now
    found = now.after(load_histories(start))
    if more := len(found.items) - len(now.items):
        users = int((found.lengths > now.lengths).sum())
        say(
            f"{more:,} interactions of {users:,} users are in init_from and not in this data: the "
            "checkpoint keeps them for `recommend`, the test does not know them."
        )
    return found
