"""The options of `kerasrec serve` about events."""

from kerasrec.cli.byte_size import byte_size
from kerasrec.cli.duration import duration
from kerasrec.errors import InputError

NO_USERS = (
    "store keyed hashes of user and session ids; the key is in FILE, or in the variable "
    "KERASREC_EVENTS_KEY"
)


def add_event_options(parser):
    """Adds the options to a parser of argparse."""
    group = parser.add_argument_group("events (docs/loop.md)")
    group.add_argument(
        "--events", metavar="URL",
        help="take what people see and do at /v1/events, and store it: sqlite:///events.db or "
        "postgresql://user@host/database",
    )  # fmt: skip
    group.add_argument(
        "--log-impressions", action="store_true",
        help="also log what `recommend` answers over REST, with the id of its X-Request-ID",
    )  # fmt: skip
    group.add_argument("--keep-events", metavar="90d", help="delete events older than this")
    group.add_argument(
        "--events-limit", metavar="10GiB", help="refuse new events (507) from this size on"
    )
    group.add_argument(
        "--new-items", type=float, default=0.0, metavar="0.1",
        help="share of the places of a list that show items added at /v1/items (default: those "
        "that their scores deserve)",
    )  # fmt: skip
    group.add_argument("--no-users", metavar="FILE", nargs="?", const="", help=NO_USERS)


def open_event_log(arguments, say):
    """The `EventLog` that the options ask for; None without `--events`.

    Raises:
        InputError: for a wrong option, an option without `--events`, or a store that does not open.
    """
    others = {
        "--log-impressions": arguments.log_impressions,
        "--keep-events": arguments.keep_events is not None,
        "--events-limit": arguments.events_limit is not None,
        "--no-users": arguments.no_users is not None,
        "--new-items": arguments.new_items != 0.0,
    }
    if arguments.events is None:
        if given := [name for name, is_given in others.items() if is_given]:
            raise InputError(f"{given[0]} needs --events URL, the store of the events")
        return None
    if not 0.0 <= arguments.new_items <= 1.0:
        raise InputError(f"--new-items must be from 0 to 1: got {arguments.new_items}")
    keep, limit = arguments.keep_events, arguments.events_limit
    keep = keep if keep is None else duration(keep, "--keep-events")
    limit = limit if limit is None else byte_size(limit, "--events-limit")
    hash_user = read_hash(arguments.no_users)
    from kerasrec.events import open_store
    from kerasrec.events.event_log import EventLog

    if arguments.events.startswith("parquet:"):
        raise InputError(f"--events: {arguments.events} is an export, which takes no new events")
    store = open_store(arguments.events, limit)
    return EventLog(store, keep, hash_user, arguments.log_impressions, say=say)


def read_hash(option):
    """The `UserHash` of `--no-users`; None without the option."""
    if option is None:
        return None
    from kerasrec.events.user_hash import UserHash

    return UserHash.read(option or None)
