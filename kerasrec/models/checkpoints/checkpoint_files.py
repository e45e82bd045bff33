"""The files of a checkpoint folder, as metadata.json lists them."""

import kerasrec
from kerasrec.data.schema import Schema
from kerasrec.data.vocabulary import FIRST
from kerasrec.errors import InputError
from kerasrec.files.file_hash import file_hash
from kerasrec.files.plain_file import plain_size
from kerasrec.files.replacing import surviving
from kerasrec.files.saved_json import DESCRIPTION, read_json
from kerasrec.models.checkpoints.checkpoint_schema import (
    BACKBONES,
    FILES,
    OPTIONAL,
    Config,
    Metadata,
    validate,
)

FORMAT = 2


class CheckpointFiles:
    """A checkpoint folder whose metadata and list of files have been checked.

    A reader calls `verified` for the files it needs, and only these are hashed, so a caller does
    not wait for the hash of weights that are not read. This class imports nothing and reads no
    array.

    Files that are not part of a checkpoint are ignored: notes, the card, files of git or of a hub.
    An optional file of a checkpoint that is there but not listed is refused.

    Args:
        directory: Folder that `kerasrec.models.checkpoints.checkpoint.save` wrote.

    Attributes:
        directory: The folder; its backup if a save was killed between two renames.
        metadata: `Metadata`.

    Raises:
        InputError: if the folder is not a checkpoint, has another format or a wrong list of files,
            or if a file is missing, not a plain file, a link out of the folder, or not as large as
            recorded.
    """

    def __init__(self, directory):
        self.directory = surviving(directory)
        self.metadata = self._metadata()
        self._verified = set()
        for name, record in self.metadata.files.items():
            size = self._size(name)
            if size != record.bytes:
                raise InputError(
                    f"{self.directory / name} is damaged: it has {size:,} bytes, expected "
                    f"{record.bytes:,}: fetch the checkpoint again"
                )
        for name in (*OPTIONAL, *_backbones(self.directory)):
            if name not in self.metadata.files and (self.directory / name).exists():
                raise InputError(
                    f"{self.directory / name} is not in the list of metadata.json: remove it, or "
                    "fetch the checkpoint again"
                )

    def verified(self, *names):
        """The folder, after the hashes of these files have been compared with the recorded ones.

        Raises:
            InputError: if a file was changed.
        """
        for name in names:
            path = self.directory / name
            if name not in self._verified and file_hash(path) != self.metadata.files[name].sha256:
                raise InputError(f"{path} is damaged (SHA-256 differs): fetch the checkpoint again")
            self._verified.add(name)
        return self.directory

    def holds(self, name):
        """Whether the checkpoint has an optional file."""
        return name in self.metadata.files

    def config(self):
        """`(class name, constructor arguments, Schema)` of config.json.

        Only the arguments that every model has are checked; the class checks the others.

        Raises:
            InputError: if config.json is damaged or does not fit metadata.json.
        """
        path = self.verified("config.json") / "config.json"
        config = read_json(path, self.directory, DESCRIPTION)
        validate(Config, config, path)
        try:
            schema = Schema.from_dict(config["config"]["schema"])
        except InputError as error:
            raise InputError(f"{path} is damaged: {error}") from None
        for side, rows in (("users", schema.num_users), ("items", schema.num_items)):
            count = getattr(self.metadata, side)
            if rows != FIRST + count:
                raise InputError(
                    f"{path} is damaged: its schema has {rows:,} rows of {side}, expected "
                    f"{FIRST + count:,}: padding, unknown and the {count:,} of metadata.json"
                )
        return config["class"], config["config"], schema

    def _metadata(self):
        path = self.directory / "metadata.json"
        if not self.directory.is_dir() or not path.exists():
            raise InputError(f"{self.directory} is not a checkpoint: it has no metadata.json")
        metadata = read_json(path, self.directory, DESCRIPTION)
        if not isinstance(metadata, dict):
            raise InputError(f"{path} is damaged: expected an object, got {metadata!r:.60}")
        if type(metadata.get("format")) is not int or metadata["format"] != FORMAT:
            raise InputError(
                f"{self.directory} has checkpoint format {metadata.get('format')!r:.40}; this "
                f"kerasrec ({kerasrec.__version__}) reads format {FORMAT}: load it with the "
                f"version that wrote it, {metadata.get('kerasrec', 'unknown')!s:.40}"
            )
        return validate(Metadata, metadata, path)

    def _size(self, name):
        try:
            return plain_size(self.directory / name, self.directory)
        except InputError as error:
            raise InputError(f"{error}: the checkpoint is damaged, fetch it again") from None


def file_records(directory):
    """Size and SHA-256 of each file of a checkpoint folder, for metadata.json."""
    paths = [directory / name for name in (*FILES, *OPTIONAL, *_backbones(directory))]
    return {
        path.relative_to(directory).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": file_hash(path),
        }
        for path in paths
        if path.exists()
    }


def _backbones(directory):
    found = [path for pattern in BACKBONES for path in sorted(directory.glob(pattern))]
    return [path.relative_to(directory).as_posix() for path in found]
