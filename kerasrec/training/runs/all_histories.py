"""The histories that the checkpoint of a finished run stores."""

from kerasrec.models.checkpoints.checkpoint import load_histories


def all_histories(now, start, say=lambda line: None):
    """The histories of all users, behind those of the starting checkpoint.

    Args:
        now: `Histories` of the data, all parts.
        start: Checkpoint folder of `init_from`, or None.
        say: Called with a line for people where the checkpoint knows more than the data.

    Returns:
        `Histories`, by user row.
    """
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
