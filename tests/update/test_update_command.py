"""`kerasrec update` and `kerasrec rollback`, from a store of events to the served version."""

import json
import shutil

import pytest

from kerasrec.cli.main import main
from kerasrec.events import Event, open_store
from kerasrec.savedmodel.versions import versions

pytestmark = [pytest.mark.slow, pytest.mark.export]


@pytest.fixture
def store(tmp_path, world):
    """The URL of a store with all events, one of which nobody is named for."""
    url = f"sqlite:///{tmp_path}/events.db"
    events = [
        Event("interaction", f"e{row}", float(one.timestamp), user=one.user, item=one.item,
              behavior=one.behavior)
        for row, one in enumerate(world.later.itertuples())
    ]  # fmt: skip
    with open_store(url) as opened:
        opened.append([*events, Event("interaction", "nobody", 5.0, item="i1", behavior="click")])
    return url


def test_from_a_store_to_a_version_and_back(markov, tmp_path, store, capsys):
    run, folder = markov[0], shutil.copytree(markov[1], tmp_path / "shop")
    command = ["update", str(folder), "--events", store]
    assert main(command) == 2
    assert "give --run" in capsys.readouterr().err
    assert main([*command, "--run", str(run), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["version"] == found["serving"] == 2 and found["judgement"]["promoted"]
    # Nothing new: no error, for a job that runs every night.
    assert main(command) == 0
    assert "have to be at least 100" in " ".join(capsys.readouterr().out.split())
    assert main(["rollback", str(folder)]) == 0
    assert "Version 1 is the newest" in capsys.readouterr().out and versions(folder) == [1]
    # The same events are new again, to the version that is served now.
    assert main([*command, "--behavior", "click", "--margin", "0.5"]) == 0
    out = capsys.readouterr().out
    assert "Promoted: ndcg@10" in " ".join(out.split()) and "all queries" in out
    assert versions(folder) == [1, 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--epochs", "0"], "--epochs must be at least 1: got 0"),
        (["--margin", "2"], "margin must be at least 0 and below 1: got 2.0"),
        (["--watch", "soon"], "--watch: expected a duration"),
        (["--keep", "1"], "keep must be at least 2, for a rollback"),
    ],
)
def test_wrong_options(markov, store, options, message, capsys):
    assert main(["update", str(markov[1]), "--events", store, *options]) == 2
    assert message in capsys.readouterr().err


def test_a_folder_without_versions(tmp_path, store, capsys):
    assert main(["update", str(tmp_path), "--events", store]) == 2
    assert "holds no version" in capsys.readouterr().err
    assert not (tmp_path / "updates").exists()
