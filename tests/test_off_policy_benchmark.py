"""The other policy's click rate on the Open Bandit sample, where `KERASREC_DATA` has it."""

import os
import pathlib

import pandas as pd
import pytest

ROOT = pathlib.Path(__file__).resolve().parents[1]


@pytest.fixture
def benchmark(monkeypatch):
    # The benchmarks are not part of the package.
    monkeypatch.syspath_prepend(str(ROOT))
    import benchmarks.off_policy

    return benchmarks.off_policy


def test_the_target_is_the_share_of_each_item_at_a_position(benchmark):
    other = pd.DataFrame({"position": [1, 1, 1, 2], "item_id": [7, 7, 8, 7]})
    log = pd.DataFrame({"position": [1, 1, 2, 2], "item_id": [7, 8, 7, 8]})
    assert benchmark.target_of(log, other) == pytest.approx([2 / 3, 1 / 3, 1.0, 0.0])


@pytest.mark.skipif(not os.environ.get("KERASREC_DATA"), reason="KERASREC_DATA is not set")
@pytest.mark.parametrize("campaign", ["all", "men", "women"])
def test_the_bandits_click_rate_is_inside_the_interval_of_the_random_log(benchmark, campaign):
    logs = {policy: benchmark.log_of(policy, campaign) for policy in ("bts", "random")}
    _, inside = benchmark.compare(logs["bts"], logs["random"])
    assert inside["ips"] and inside["snips"]
