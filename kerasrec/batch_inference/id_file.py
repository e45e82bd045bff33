"""Ids in a file: one a line, or a column of a CSV or Parquet file."""

import contextlib
import pathlib

import pyarrow
import pyarrow.csv
import pyarrow.parquet

from kerasrec.batch_inference.options import text_ids
from kerasrec.errors import InputError
from kerasrec.files.plain_file import plain_size

DELIMITERS = {".csv": ",", ".tsv": "\t"}
SUFFIXES = (".txt", *DELIMITERS, ".parquet")
AT_ONCE = 2**14


class IdFile:
    """The ids of a file, read some at a time; blank ones are left out.

    A `.parquet`, `.csv` or `.tsv` file has a column of this name, any other file one id a line.

    Args:
        path: The file.
        column: Name of the column, such as "user".
        context: Names of further columns that are read where the file has them: features of a
            request.

    Attributes:
        context: Those that the file has.

    Raises:
        InputError: for a missing file, one that is not of its format, or one without the column.

    >>> import tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "users.txt"
    >>> _ = path.write_text("u1\\n\\nu2\\n")
    >>> list(IdFile(path, "user"))
    [['u1', 'u2']]
    """

    def __init__(self, path, column, context=()):
        self.path, self.column = pathlib.Path(path), column
        plain_size(self.path)
        with naming_damage(self.path):
            names = self._check_column()
        self.context = [name for name in context if name in names]

    def __iter__(self):
        """Lists of ids."""
        return (ids for ids, _ in self.rows())

    def rows(self):
        """`(ids, context)`: a list of ids, and of each feature a list of the same length."""
        with naming_damage(self.path):
            for values, *columns in self._parts():
                ids = texts_of(values)
                real = [place for place, one in enumerate(ids) if one.strip()]
                if real:
                    columns = [column.to_pylist() for column in columns]
                    pairs = zip(self.context, columns, strict=True)
                    context = {name: [column[i] for i in real] for name, column in pairs}
                    yield [ids[i] for i in real], context

    def _parts(self):
        suffix = self.path.suffix.lower()
        if suffix == ".parquet":
            read = [self.column, *self.context]
            with pyarrow.parquet.ParquetFile(self.path) as file:
                for batch in file.iter_batches(AT_ONCE, columns=read):
                    yield [batch.column(name) for name in read]
        elif suffix in DELIMITERS:
            if not plain_size(self.path):  # Arrow refuses a file without a header
                return
            with self._csv() as reader:
                for batch in reader:
                    yield batch.columns
        else:
            yield from ([ids] for ids in _lines(self.path))

    def _check_column(self):
        """The names of the columns, after a look for that of the ids."""
        suffix = self.path.suffix.lower()
        if suffix == ".parquet":
            names = pyarrow.parquet.read_schema(self.path).names
        elif suffix in DELIMITERS:
            if not plain_size(self.path):
                return []
            names = _header(self.path, DELIMITERS[suffix])
        else:
            return []
        if self.column not in names:
            hint = "" if suffix == ".parquet" else ", or a .txt file with one id a line"
            raise InputError(
                f"{self.path} has the columns {', '.join(map(repr, names)):.200}: expected one "
                f"named {self.column!r}{hint}"
            )
        return names

    def _csv(self):
        read = [self.column, *self.context]
        convert = pyarrow.csv.ConvertOptions(
            include_columns=read, column_types=dict.fromkeys(read, pyarrow.string())
        )
        parse = pyarrow.csv.ParseOptions(
            delimiter=DELIMITERS[self.path.suffix.lower()], newlines_in_values=True
        )
        return pyarrow.csv.open_csv(self.path, parse_options=parse, convert_options=convert)


@contextlib.contextmanager
def naming_damage(path):
    """Errors of readers become an `InputError` that names the file."""
    try:
        yield
    except (pyarrow.ArrowException, UnicodeDecodeError, OSError) as error:
        raise InputError(f"{path} cannot be read: {error}") from error


def texts_of(values):
    """Ids of an Arrow array or a list as texts, "" where there is none."""
    if isinstance(values, list):
        return values
    if pyarrow.types.is_dictionary(values.type):
        values = values.dictionary_decode()
    if pyarrow.types.is_string(values.type) or pyarrow.types.is_large_string(values.type):
        return [one or "" for one in values.to_pylist()]
    return text_ids(values.to_pylist())


def _lines(path):
    some = []
    # A byte order mark, as of Windows, is not part of the first id.
    with open(path, encoding="utf-8-sig") as file:
        for line in file:
            some.append(line.strip())
            if len(some) == AT_ONCE:
                yield some
                some = []
    yield some


def _header(path, delimiter):
    parse = pyarrow.csv.ParseOptions(delimiter=delimiter, newlines_in_values=True)
    with pyarrow.csv.open_csv(path, parse_options=parse) as reader:
        return reader.schema.names
