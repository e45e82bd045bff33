"""The options of `kerasrec serve` about exploration and versions."""

import argparse
import time

import pytest

from kerasrec.cli.answer_options import add_answer_options, answering
from kerasrec.errors import InputError
from kerasrec.events import Event, open_store
from kerasrec.events.event_log import EventLog
from kerasrec.exploration import EpsilonGreedy


def ask(*options, log=None, grpc_port=None, new_items=0.0):
    parser = argparse.ArgumentParser()
    add_answer_options(parser)
    arguments = parser.parse_args(options)
    # Options of the command and of events.
    arguments.grpc_port, arguments.new_items = grpc_port, new_items
    return answering(arguments, log)


def test_nothing_is_on_by_default():
    found = ask()
    assert (found.batching, found.explorer, found.shares) == (None, None, None)


def test_new_items_have_no_propensities():
    assert ask(new_items=0.1).new_items == 0.1
    with pytest.raises(InputError, match="--explore and --new-items together"):
        ask("--explore", "epsilon:0.05", new_items=0.1)


def test_a_policy_and_shares():
    found = ask("--explore", "epsilon:0.05", "--versions", "stable:3=90,4=10", "--salt", "may")
    policy = found.explorer.policy
    assert isinstance(policy, EpsilonGreedy) and policy.epsilon == 0.05
    assert (found.shares, found.salt) == ({"stable:3": 90.0, "4": 10.0}, "may")


def test_new_items_are_counted_from_the_store_and_as_events_come(tmp_path):
    def impression(n, *items):
        return Event("impression", f"i{n}", time.time(), request=f"r{n}", items=items)

    store = open_store(f"sqlite:///{tmp_path}/events.db")
    store.append([impression(1, "a", "b")])
    with EventLog(store, log_impressions=True, say=print) as log:
        policy = ask("--explore", "new:0.1", log=log).explorer.policy
        click = Event("interaction", "c", time.time(), request="r1", item="a", behavior="click")
        log.add([impression(2, "a"), click]).result()
        assert policy._impressions == {"a": 2, "b": 1} and policy._clicks == {"a": 1}


@pytest.mark.parametrize(
    ("options", "port", "said"),
    [
        (["--explore", "epsilon:0.05"], 8500, "--explore is for REST.*leave --grpc-port out"),
        (["--versions", "3=1"], 8500, "--versions is for REST"),
        (["--salt", "a"], None, "--salt needs --explore or --versions"),
        (["--explore", "new:0.1"], None, "needs counts.*--events URL --log-impressions"),
        (["--explore", "ucb:1"], None, "got 'ucb:1'"),
        (["--versions", "3"], None, "stable=90,canary=10: got '3'"),
    ],
)
def test_refused(options, port, said):
    with pytest.raises(InputError, match=said):
        ask(*options, grpc_port=port)
