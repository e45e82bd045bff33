"""The options of `kerasrec serve` about which answer is given."""

from kerasrec.errors import InputError


def add_answer_options(parser):
    """Adds the options to a parser of argparse."""
    parser.add_argument(
        "--batching-config", metavar="FILE",
        help="answer requests together: a file for TF Serving's --batching_parameters_file",
    )  # fmt: skip
    group = parser.add_argument_group("experiments, over REST (docs/exploration.md)")
    group.add_argument(
        "--explore", metavar="POLICY",
        help="also show other items than the best, and answer with the propensity of each: "
        "epsilon:0.05, softmax:0.5, or new:0.1 for items that were shown rarely",
    )  # fmt: skip
    group.add_argument(
        "--versions", metavar="V=SHARE,...",
        help="serve several versions, each to its share of the users: 3=90,4=10, or with labels "
        "stable:3=90,canary:4=10",
    )  # fmt: skip
    group.add_argument(
        "--salt", default="", help="a text that mixes users and draws anew, such as a new test's"
    )


def answering(arguments, log):
    """The `Answering` that the options ask for.

    Args:
        arguments: Of argparse.
        log: The `EventLog` of the server, or None.

    Raises:
        InputError: for a wrong option.
    """
    from kerasrec.serving.answering import Answering
    from kerasrec.serving.batching_parameters import BatchingParameters

    file, explorer, shares = arguments.batching_config, None, None
    batching = BatchingParameters.read(file) if file else None
    asked = {"--explore": arguments.explore, "--versions": arguments.versions}
    given = [name for name, value in asked.items() if value is not None]
    if given and arguments.grpc_port is not None:
        raise InputError(f"{given[0]} is for REST, gRPC would not follow it: leave --grpc-port out")
    if arguments.salt and not given:
        raise InputError("--salt needs --explore or --versions")
    if arguments.explore is not None:
        from kerasrec.exploration import parse_policy
        from kerasrec.serving.explorer import Explorer

        counts = _counts(log) if arguments.explore.startswith("new:") else None
        explorer = Explorer(parse_policy(arguments.explore, counts), arguments.salt)
    if arguments.versions is not None:
        from kerasrec.serving.version_shares import parse_shares

        shares = parse_shares(arguments.versions)
    return Answering(batching, explorer, shares, arguments.salt, arguments.new_items)


def _counts(log):
    """`ItemCounts` of the stored events, which grow with the log; None without one."""
    if log is None or not log.log_impressions:
        return None
    from kerasrec.events import pages
    from kerasrec.exploration import ItemCounts

    counts = ItemCounts()
    for page in pages(log.store):
        counts.add([event for _, event in page])
    log.watch(counts.add)
    return counts
