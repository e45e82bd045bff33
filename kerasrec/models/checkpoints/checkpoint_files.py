"""The files of a checkpoint folder, as its metadata.json lists them."""

import kerasrec
from kerasrec.data.schema import Schema
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.files.file_hash import file_hash
from kerasrec.files.plain_file import plain_size
from kerasrec.files.replacing import surviving
from kerasrec.files.saved_json import DESCRIPTION, read_json
from kerasrec.models.checkpoints.checkpoint_schema import FILES, OPTIONAL, Config, Metadata, checked

FORMAT = 2


class CheckpointFiles:
    """A checkpoint folder, opened: what it says of itself is checked, and which files it has.

    Whoever reads a file asks for it first: only then it is hashed, so that nobody waits for the
    hash of weights that are not read. Nothing is imported and no array is read here.

    A file that no checkpoint has is none of ours: it is left alone, be it notes, the card, or what
    git or a hub keeps there. One that a checkpoint may have and this list has not is refused.

    Args:
        directory: Folder that `kerasrec.models.checkpoints.checkpoint.save` wrote.

    Attributes:
        directory: The folder, or the one before it where a saving was killed between two renames.
        metadata: `Metadata`.

    Raises:
        InputError: for a folder that is no checkpoint, one of another format, a list that no
            checkpoint has, and a file that is missing, no plain one, a link that leads outside of
            the folder, or larger or smaller than when it was saved.
    """

    def __init__(self, directory):
        self.directory = surviving(directory)
        self.metadata = self._metadata()
        self._verified = set()
        for name, recorded in self.metadata.files.items():
            size = self._asking_again(plain_size, name)
            if size != recorded.bytes:
                raise InputError(
                    f"{self.directory / name} is damaged: it has {size:,} bytes, and had "
                    f"{recorded.bytes:,} when it was saved: fetch the checkpoint again"
                )
        for name in OPTIONAL:
            if name not in self.metadata.files and (self.directory / name).exists():
                raise InputError(
                    f"{self.directory / name} is not in the list of metadata.json: remove it, or "
                    "fetch the checkpoint again"
                )

    def verified(self, *names):
        """The folder, once the hashes of these files are those that were recorded.

        Raises:
            InputError: for a file that was changed.
        """
        for name in names:
            path = self.directory / name
            if name not in self._verified and file_hash(path) != self.metadata.files[name].sha256:
                raise InputError(f"{path} is damaged (SHA-256 differs): fetch the checkpoint again")
            self._verified.add(name)
        return self.directory

    def holds(self, name):
        """Whether the checkpoint has one of the files that not every checkpoint has."""
        return name in self.metadata.files

    def config(self):
        """`(class name, constructor arguments, Schema)` of config.json, their values unchecked but
        for those that every model has.

        Raises:
            InputError: for anything else.
        """
        path = self.verified("config.json") / "config.json"
        plain = read_json(path, self.directory, DESCRIPTION)
        checked(Config, plain, path)
        try:
            schema = Schema.from_dict(plain["config"]["schema"])
        except InputError as error:
            raise InputError(f"{path} is damaged: {error}") from None
        for side, rows in (("users", schema.num_users), ("items", schema.num_items)):
            told = getattr(self.metadata, side)
            if rows != FIRST + told:
                raise InputError(
                    f"{path} is damaged: its schema has {rows:,} rows of {side}, and metadata.json "
                    f"{told:,} {side} without the rows of padding and unknown"
                )
        return plain["class"], plain["config"], schema

    def _metadata(self):
        path = self.directory / "metadata.json"
        if not self.directory.is_dir() or not path.exists():
            raise InputError(f"{self.directory} is not a checkpoint: it has no metadata.json")
        plain = read_json(path, self.directory, DESCRIPTION)
        if not isinstance(plain, dict):
            raise InputError(f"{path} is damaged: expected an object, got {plain!r:.60}")
        if type(plain.get("format")) is not int or plain["format"] != FORMAT:
            raise InputError(
                f"{self.directory} has checkpoint format {plain.get('format')!r:.40}; this "
                f"kerasrec ({kerasrec.__version__}) reads format {FORMAT}: load it with the "
                f"version that wrote it, {plain.get('kerasrec', 'unknown')!s:.40}"
            )
        return checked(Metadata, plain, path)

    def _asking_again(self, ask, name):
        try:
            return ask(self.directory / name, self.directory)
        except InputError as error:
            raise InputError(f"{error}: the checkpoint is damaged, fetch it again") from None


def recorded(directory):
    """What metadata.json says of the files below a folder that is being saved."""
    paths = [directory / name for name in (*FILES, *OPTIONAL)]
    return {
        path.relative_to(directory).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": file_hash(path),
        }
        for path in paths
        if path.exists()
    }
