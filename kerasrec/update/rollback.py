"""Back to an earlier version, in one step that every server follows."""

import os

from kerasrec.errors import InputError
from kerasrec.savedmodel.versions import versions
from kerasrec.update.update_folder import UpdateFolder

ROLLED_BACK = "rolled-back"


def rollback(folder, to=None):
    """Moves the versions that are newer than another one out of the folder of a model.

    A server, TF Serving too, serves the newest version in the folder: it loads the earlier one, and
    then unloads the one that is gone. The next update starts from the version that is served. What
    was moved lies in `updates/<number>/rolled-back`, and its number is not used again.

    Args:
        folder: The folder of the model.
        to: The version to serve; None for the one before the newest.

    Returns:
        `(to, [numbers that were moved])`.

    Raises:
        InputError: if there is no such version, or an update is at work.
    """
    folder = UpdateFolder(folder)
    found = versions(folder.model)
    if to is None and len(found) < 2:
        raise InputError(
            f"{folder.model} holds {len(found)} version{'s' * (len(found) != 1)}: there is none to "
            "go back to"
        )
    to = found[-2] if to is None else to
    if to not in found:
        raise InputError(f"{folder.model} has no version {to}: it has {', '.join(map(str, found))}")
    moved = [number for number in found if number > to]
    if not moved:
        raise InputError(f"version {to} is the newest of {folder.model}: nothing to go back from")
    with folder.lock:
        # The newest last: until then it is served, and no version between the two ever is.
        for number in moved:
            folder.of(number).mkdir(parents=True, exist_ok=True)
            os.replace(folder.model / str(number), folder.of(number) / ROLLED_BACK)
            if record := folder.read(number):
                folder.write_update({**record, "state": "rolled back"})
    return to, moved
