"""From new events to a new version that is served, or a table that says why it is not."""

from kerasrec.errors import InputError
from kerasrec.savedmodel.versions import versions
from kerasrec.training.runs.claim_folder import claim_existing
from kerasrec.update.finish_update import finish_update
from kerasrec.update.gate import Gate
from kerasrec.update.outcome import Outcome
from kerasrec.update.plan import Plan
from kerasrec.update.start_update import start_update
from kerasrec.update.update_folder import UpdateFolder


def update(folder, read, run=None, plan=None, gate=None, say=print, progress=True):
    """Makes the next version of a served model from new events, and serves it if it is no worse.

    1. Reads the events since the last update into `updates/table`.
    2. Trains: a model with weights starts from those of the serving version and sees the new
       interactions, what came before them and a replay of old ones; a model that counts is
       adapted to all of them. The latest new interactions are left out.
    3. Exports and verifies.
    4. Lets the serving and the new version answer the interactions that were left out, see `Gate`.
    5. Renames the new version to its place next to the serving one, from where a server loads it;
       or leaves it in `updates`, with the table that says why.

    An update that was killed goes on where it was. One update at a time works in a folder.

    Args:
        folder: The folder of the model, with its versions.
        read: Function of a cursor (0 at first) that returns a DataFrame of the interactions behind
            it, as `kerasrec.events.read_interactions` does.
        run: Run folder of the serving version, where no update made it.
        plan: `Plan`.
        gate: `Gate`.
        say: Called with lines for people.
        progress: Show progress bars on stderr.

    Returns:
        `Outcome`.

    Raises:
        InputError: if another update is at work, the run of the serving version is not known, or a
            run that an update cannot go on from.
    """
    folder, plan, gate = UpdateFolder(folder), plan or Plan(), gate or Gate()
    folder.serving()  # before anything is written
    claim_existing(folder.lock)
    try:
        record = _unfinished(folder, say)
        if record is None:
            record = start_update(folder, read, run, plan, gate, say)
        if isinstance(record, Outcome):
            return record
        try:
            return finish_update(folder, record, plan, gate, say, progress)
        except InputError as error:
            place = folder.of(record["version"])
            raise InputError(
                f"{error}; the next call goes on with this update: remove {place} to drop it"
            ) from error
    finally:
        folder.lock.release()


def _unfinished(folder, say):
    record = folder.unfinished()
    if record is None:
        return None
    number = record["version"]
    if number in versions(folder.model):
        folder.write_update({**record, "state": "promoted"})  # killed after the last renaming
        return None
    if record["serving"] != folder.serving():
        say(f"The unfinished update to version {number} is dropped: another version is served now.")
        folder.write_update({**record, "state": "refused"})
        return None
    say(f"Going on with the update to version {number}, which was stopped.")
    return record
