"""The files of a table."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import unquote

from kerasrec.errors import InputError
from kerasrec.files.matching import fixed_part, is_pattern, matching

TEXT_SUFFIXES = (".csv", ".tsv", ".txt", ".dat")
PARQUET_SUFFIXES = (".parquet",)
TABLE_SUFFIXES = (*TEXT_SUFFIXES, *PARQUET_SUFFIXES)
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
# Hive's and Spark's name of the partition of missing values.
NO_VALUE = "__HIVE_DEFAULT_PARTITION__"


def table_files(path: Path, suffixes: Sequence[str]) -> list[Path]:
    """The file, or the parts of the folder sorted by name; InputError for anything else.

    Parts lie in the folder itself, or in folders named `column=value` inside of it. A path with
    wildcards names all files and folders that match it.
    """
    if is_pattern(path):
        return _matching(path, suffixes)
    if path.is_dir():
        return _parts(path, suffixes)
    if not path.exists():
        raise InputError(f"{path}: no such file. Relative paths start at {Path.cwd()}.")
    if suffix(path) not in suffixes:
        raise InputError(
            f"{path}: expected a file ending in {', '.join(suffixes)}, got {path.suffix!r}. "
            "Rename it (a packed file to one such as clicks.csv.zip), or read it yourself and pass "
            "the DataFrame."
        )
    return [path]


def is_parquet(path: Path) -> bool:
    """Whether a file or a folder is Parquet; InputError if it is not a table."""
    return suffix(table_files(path, TABLE_SUFFIXES)[0]) in PARQUET_SUFFIXES


def partition(root: Path, file: Path) -> dict[str, str | None]:
    """The column values in the names of a part's folders below `root`; None = missing.

    >>> partition(Path("log"), Path("log/day=2024-01-02/shop=A%20B/0.parquet"))
    {'day': '2024-01-02', 'shop': 'A B'}
    """
    root = fixed_part(root)
    folders = file.relative_to(root).parts[:-1] if file != root else ()
    # What matches wildcards may lie in folders of other names.
    pairs = (folder.partition("=") for folder in folders if "=" in folder)
    return {
        unquote(column): None if value == NO_VALUE else unquote(value) for column, _, value in pairs
    }


def states(files: Sequence[Path]) -> list[tuple[int, int]]:
    """Size and time of the last change of files."""
    return [(found.st_size, found.st_mtime_ns) for found in (file.stat() for file in files)]


def check_unchanged(files: Sequence[Path], before: Sequence[tuple[int, int]]) -> None:
    """InputError if a file is another one than before it was read."""
    for file, earlier in zip(files, before, strict=True):
        if not file.exists() or states([file])[0] != earlier:
            raise InputError(
                f"{file}: changed while it was read. Read the table again once it is written to "
                "its end."
            )


def suffix(path: Path) -> str:
    """The suffix of a file, for a packed file that of its content."""
    return Path(path.stem).suffix if path.suffix in PACKED else path.suffix


def _matching(path: Path, suffixes: Sequence[str]) -> list[Path]:
    found = matching(path)
    if not found:
        raise InputError(
            f"{path}: no file matches. Relative paths start at {Path.cwd()}; quote wildcards, so "
            "that the shell does not replace them."
        )
    inside = (_parts(one, suffixes) if one.is_dir() else [one] for one in found)
    files = list(dict.fromkeys(file for files in inside for file in files))
    wrong = [file for file in files if suffix(file) not in suffixes]
    if wrong:
        raise InputError(
            f"{path}: {wrong[0]} matches as well, which is no file ending in "
            f"{', '.join(suffixes)}. Write the ending into the pattern."
        )
    if len({suffix(file) in PARQUET_SUFFIXES for file in files}) > 1:
        raise InputError(
            f"{path}: Parquet and text match. Write the ending into the pattern, such as *.parquet."
        )
    return _alike(path, files)


def _parts(path: Path, suffixes: Sequence[str]) -> list[Path]:
    if (path / "_delta_log").is_dir():
        raise InputError(
            f"{path}: a Delta table; some of its files hold rows that were deleted. Read it with a "
            "reader of Delta tables and pass the frame."
        )
    found = list(_inside(path))
    parquet = [file for file in found if suffix(file) in PARQUET_SUFFIXES]
    text = [file for file in found if suffix(file) in (".csv", ".tsv")]
    if parquet and text:
        raise InputError(
            f"{path}: the folder holds parts of two formats, {parquet[0].name} and {text[0].name}. "
            "Put the ones that belong together in a folder of their own."
        )
    # A .txt file beside Parquet may be a licence.
    files = [file for file in parquet or found if suffix(file) in suffixes]
    if not files:
        raise InputError(
            f"{path}: the folder holds no part ending in {', '.join(suffixes)}, neither in itself "
            "nor in folders named column=value inside of it."
        )
    return _alike(path, files)


def _alike(path: Path, files: list[Path]) -> list[Path]:
    """The files; InputError if their folders give them different columns."""
    columns = [tuple(partition(path, file)) for file in files]
    for file, names in zip(files, columns, strict=True):
        if names != columns[0]:
            shown = [part.relative_to(fixed_part(path)) for part in (files[0], file)]
            raise InputError(
                f"{path}: the parts have different partitions, {shown[0]} has {list(columns[0])} "
                f"and {shown[1]} has {list(names)}."
            )
    return files


def _inside(path: Path) -> Iterator[Path]:
    """Tables in a folder and in those below it named `column=value`, sorted by name."""
    for inner in sorted(path.iterdir()):
        if inner.name[0] in "._":
            continue
        if inner.is_dir():
            if inner.name.partition("=")[1]:
                yield from _inside(inner)
        elif suffix(inner) in TABLE_SUFFIXES:
            yield inner
