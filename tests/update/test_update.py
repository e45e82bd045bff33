"""Updates of real runs and exports, whose buyers change the chain that they follow."""

import json
import shutil

import pandas as pd
import pytest

from kerasrec.errors import InputError
from kerasrec.files.folder_lock import FolderLock
from kerasrec.savedmodel.versions import versions
from kerasrec.update.plan import Plan
from kerasrec.update.rollback import rollback
from kerasrec.update.update import update
from kerasrec.update.update_folder import UpdateFolder

pytestmark = [pytest.mark.slow, pytest.mark.export]


@pytest.fixture
def shop(markov, tmp_path):
    """`(run, folder of versions)`, which the test may change."""
    run, folder = markov
    return run, shutil.copytree(folder, tmp_path / "shop")


@pytest.fixture(scope="module")
def updated(markov, tmp_path_factory, world):
    """The same after one update, which nobody changes: `(outcome, folder)`."""
    run, folder = markov
    folder = shutil.copytree(folder, tmp_path_factory.mktemp("updated") / "shop")
    return world.update(folder, world.later, run), folder


def test_a_model_that_follows_the_change_is_served(updated):
    outcome, folder = updated
    assert outcome.version == outcome.serving == 2 and versions(folder) == [1, 2]
    (everyone, *_), checks = outcome.judgement.rows, outcome.judgement.checks
    assert everyone["verdict"] == "better" and all(one["kept"] for one in checks)
    # The last fifth of 875 is left out, and what is repeated is no query.
    rows = pd.read_parquet(folder / "updates" / "2" / "rows.parquet")
    assert len(rows) == 700 + 700 and everyone["queries"] <= 175
    json.dumps(outcome.to_dict())


def test_the_next_update_trains_on_what_the_gate_saw(updated, tmp_path, world):
    folder = shutil.copytree(updated[1], tmp_path / "shop")
    more = world.chains([f"u{n}" for n in range(100, 260)], range(6, 8), 2, shift=2)
    events = pd.concat([world.later, more], ignore_index=True)
    outcome = world.update(folder, events)
    assert outcome.version == 3 and UpdateFolder(folder).read(3)["serving"] == 2
    rows = pd.read_parquet(folder / "updates" / "3" / "rows.parquet")
    judged = world.later[world.later["timestamp"] >= UpdateFolder(folder).read(2)["until"]]
    merged = judged.merge(rows, on=["user", "item", "timestamp"])
    assert len(judged) == len(merged) == 175


def test_nothing_new(updated, tmp_path, world):
    folder = shutil.copytree(updated[1], tmp_path / "shop")
    outcome = world.update(folder, world.later)
    assert outcome.version is None and outcome.serving == 2
    assert "at least 100 with items new" in outcome.sentence and versions(folder) == [1, 2]


def test_items_that_everybody_had_judge_nothing(shop, world):
    run, folder = shop
    again = world.chains([f"u{n}" for n in range(80)], range(3), 0)
    events = again.assign(timestamp=again["timestamp"] + 10**6)
    outcome = world.update(folder, events, run)
    # Before anything is trained: else it could be neither judged nor passed by.
    assert outcome.version is None
    assert not (folder / "updates" / "2").exists() and versions(folder) == [1]


def test_an_update_that_fails_says_how_it_is_dropped(shop, world, monkeypatch):
    run, folder = shop

    def full(*arguments):
        raise InputError("no space left")

    monkeypatch.setattr("kerasrec.update.finish_update.fit_run", full)
    with pytest.raises(InputError, match="no space left; .* remove .*updates.2 to drop it"):
        world.update(folder, world.later, run)
    shutil.rmtree(folder / "updates" / "2")
    monkeypatch.undo()
    assert world.update(folder, world.later).version == 3


class Killed(Exception):
    pass


def test_killed_at_every_step(shop, updated, monkeypatch, world):
    run, folder = shop
    write, states = UpdateFolder.write_update, ["started", "fitted", "exported", "judged"]
    for state in states:

        def killed(self, record, state=state):
            write(self, record)
            if record["state"] == state:
                raise Killed

        monkeypatch.setattr(UpdateFolder, "write_update", killed)
        with pytest.raises(Killed):
            world.update(folder, world.later, run)
        assert versions(folder) == [1]
    # And between the renaming and its record.
    monkeypatch.setattr(
        UpdateFolder,
        "write_update",
        lambda self, record: (_ for _ in ()).throw(Killed),
    )
    with pytest.raises(Killed):
        world.update(folder, world.later, run)
    assert versions(folder) == [1, 2]
    monkeypatch.setattr(UpdateFolder, "write_update", write)
    assert world.update(folder, world.later, run).version is None
    assert UpdateFolder(folder).read(2)["state"] == "promoted"
    judged = json.loads((folder / "updates" / "2" / "judgement.json").read_text())
    assert judged["groups"] == updated[0].judgement.to_dict()["groups"]


def test_two_at_once(shop, world):
    run, folder = shop
    with FolderLock(folder / "updates"), pytest.raises(InputError, match="in use by process"):
        world.update(folder, world.later, run)
    with FolderLock(folder / "updates"), pytest.raises(InputError, match="holds 1 version"):
        rollback(folder)


def test_an_update_that_another_version_has_overtaken(shop, monkeypatch, world):
    run, folder = shop
    write = UpdateFolder.write_update

    def killed(self, record):
        write(self, record)
        raise Killed

    monkeypatch.setattr(UpdateFolder, "write_update", killed)
    with pytest.raises(Killed):
        world.update(folder, world.later, run)
    monkeypatch.setattr(UpdateFolder, "write_update", write)
    shutil.copytree(folder / "1", folder / "3")
    said = []
    with pytest.raises(InputError, match="it is not known what version 3"):
        update(folder, world.log(world.later), say=said.append, progress=False)
    assert said == ["The unfinished update to version 2 is dropped: another version is served now."]


def test_a_rollback_and_the_update_after_it(updated, tmp_path, world):
    folder = shutil.copytree(updated[1], tmp_path / "shop")
    assert rollback(folder) == (1, [2])
    assert versions(folder) == [1] and (folder / "updates" / "2" / "rolled-back").is_dir()
    outcome = world.update(folder, world.later)
    assert outcome.version == 3 and UpdateFolder(folder).read(3)["serving"] == 1
    with pytest.raises(InputError, match=r"no version 2: it has 1, 3"):
        rollback(folder, to=2)
    with pytest.raises(InputError, match="version 3 is the newest"):
        rollback(folder, to=3)


def test_a_run_has_to_be_named_once(shop, world):
    _, folder = shop
    with pytest.raises(InputError, match="what version 1 of .* was trained on: give --run"):
        world.update(folder, world.later)
    assert not (folder / "updates" / "start.json").exists()


def test_events_of_the_past_of_others_and_twice(shop, world):
    run, folder = shop
    old = world.later.assign(timestamp=world.later["timestamp"] - 10**7)  # before 1970
    known = world.chains([f"u{n}" for n in range(80)], range(3), 0)  # what the run was trained on
    events = pd.concat([known, old.head(50), world.later, world.later], ignore_index=True)
    outcome = world.update(folder, events, run)
    assert outcome.version == 2
    table = pd.read_parquet(folder / "updates" / "2" / "rows.parquet")
    assert not table.duplicated(["user", "item", "timestamp"]).any()
    assert (table["timestamp"] < 0).sum() == 50


def test_a_harmed_version_is_refused_and_stays_out(shop, world):
    run, folder = shop
    # Many go another way for two days, and all go the old way again when it is judged.
    other = world.chains([f"o{n}" for n in range(300)], [3], 1, shift=5)
    back = world.chains([f"x{n}" for n in range(200)], range(4, 6), 3, shift=1)
    events = pd.concat([other, back], ignore_index=True)
    outcome = world.update(folder, events, run, plan=Plan(judged=len(back) / len(events)))
    assert outcome.refused and outcome.serving == 1 and versions(folder) == [1]
    assert outcome.sentence.startswith("Refused: all queries")
    assert UpdateFolder(folder).read(2)["state"] == "refused"


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        ({"judged": 1.0}, "judged must be above 0 and below 1"),
        ({"days": 0}, "days must be above 0"),
        ({"replay": -1}, "replay must be at least 0"),
        ({"keep": 1}, "keep must be at least 2, for a rollback"),
    ],
)
def test_wrong_plans(plan, message):
    with pytest.raises(InputError, match=message):
        Plan(**plan)


def test_a_trained_model_starts_from_the_weights_of_the_serving_version(tmp_path, world):
    run, folder = world.served(
        tmp_path, {"class": "MatrixFactorization", "dim": 8}, {"batch_size": 64}.items()
    )
    outcome = world.update(folder, world.later, run)
    assert outcome.version == 2
    config = (folder / "updates" / "2" / "run" / "config.yaml").read_text()
    assert f"init_from: {run}" in config and "epochs: 2" in config
