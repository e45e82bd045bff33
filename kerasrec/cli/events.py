"""`kerasrec events URL`: what a store of events holds; exports it, and forgets people."""

from kerasrec.cli.event_options import NO_USERS, read_hash
from kerasrec.errors import InputError

NAME = "events"
HELP = "count the events of a store by kind, day and version; export them, or forget users"
SHOWN = 40  # rows of the table, the latest days
MOST_USERS = 1_000_000


def add_arguments(parser):
    parser.add_argument(
        "url", metavar="URL",
        help="sqlite:///events.db, postgresql://user@host/database or parquet:FOLDER",
    )  # fmt: skip
    parser.add_argument(
        "--export", metavar="FOLDER",
        help="write the events that the folder does not have yet, as Parquet files",
    )  # fmt: skip
    parser.add_argument(
        "--forget", metavar="FILE", help="delete all events of the users in a file, an id a line"
    )
    parser.add_argument("--no-users", metavar="FILE", nargs="?", const="", help=NO_USERS)


def run(arguments, output):
    users = None if arguments.forget is None else _read_users(arguments.forget)
    hash_user = read_hash(arguments.no_users)
    _check_exists(arguments.url)
    from kerasrec.events import StoreError, open_store
    from kerasrec.events.export_events import export_events

    result = {}
    try:
        with open_store(arguments.url) as store:
            if users is not None:
                # With a key the store may have hashes, and ids from before there was one.
                hashed = [hash_user.user(user) for user in users] if hash_user else []
                result["deleted"] = store.delete_users([*users, *hashed])
                output.say(f"{result['deleted']:,} events of {len(users):,} users deleted.")
            if arguments.export is not None:
                result["exported"] = export_events(store, arguments.export)
                output.say(f"{result['exported']:,} events written to {arguments.export}.")
            counts, size = store.counts(), store.size()
    except StoreError as error:
        raise InputError(str(error)) from error
    total = sum(number for *_, number in counts)
    rows = [(day, kind, version or "", f"{number:,}") for kind, day, version, number in counts]
    rows.sort()
    output.rows(["day", "kind", "version", "events"], rows[-SHOWN:])
    if len(rows) > SHOWN:
        output.say(f"The latest {SHOWN} of {len(rows)} rows; --json has all.")
    output.say(f"{total:,} events, {size / 2**20:,.1f} MiB.")
    names = ("kind", "day", "version", "events")
    result["counts"] = [dict(zip(names, row, strict=True)) for row in counts]
    output.result({"events": total, "bytes": size, **result})


def _read_users(path):
    from kerasrec.files.plain_file import open_plain

    with open_plain(path) as file:
        try:
            lines = file.read().decode("utf-8-sig").splitlines()
        except UnicodeDecodeError as error:
            raise InputError(f"{path}: not UTF-8: {error}") from error
    users = list(dict.fromkeys(line.strip() for line in lines if line.strip()))
    if not 0 < len(users) <= MOST_USERS:
        raise InputError(
            f"{path}: expected 1 to {MOST_USERS:,} ids of users, one a line, got {len(users):,}"
        )
    return users


def _check_exists(url):
    """A misspelt path must not make a new, empty store."""
    import pathlib

    path = url.removeprefix("sqlite:///")
    if path != url and not pathlib.Path(path).is_file():
        raise InputError(f"{url}: no such file; relative paths start at {pathlib.Path.cwd()}")
