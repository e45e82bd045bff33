"""`kerasrec events`, and the options of `kerasrec serve` about events."""

import json

import pytest

from kerasrec.cli import main
from kerasrec.cli.byte_size import byte_size
from kerasrec.cli.duration import duration
from kerasrec.errors import InputError
from kerasrec.events import Event, open_store
from kerasrec.events.user_hash import UserHash

KEY = b"0123456789abcdef"


@pytest.fixture
def url(tmp_path):
    url = f"sqlite:///{tmp_path}/events.db"
    hashed = UserHash(KEY).user("bob")
    with open_store(url) as store:
        store.append(
            [
                Event("interaction", "1", 5.0, user="ann", item="a", behavior="click"),
                Event("interaction", "2", 86_400.0, user="ü", item="a", behavior="click"),
                Event("impression", "3", 5.0, user=hashed, items=("a",), version="3"),
            ]
        )
    return url


def test_counts_for_people_and_as_json(url, capsys):
    assert main(["events", url]) == 0
    said = capsys.readouterr().out
    assert [line.split() for line in said.splitlines() if "1970" in line] == [
        ["1970-01-01", "impression", "3", "1"],
        ["1970-01-01", "interaction", "1"],
        ["1970-01-02", "interaction", "1"],
    ]
    assert "3 events, 0." in said
    assert main(["events", url, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["events"] == 3 and found["counts"][0] == {
        "kind": "impression", "day": "1970-01-01", "version": "3", "events": 1,
    }  # fmt: skip


def test_users_are_forgotten_also_in_an_export_and_as_hashes(url, tmp_path, capsys):
    folder, file, key = tmp_path / "export", tmp_path / "users.txt", tmp_path / "key"
    file.write_text("ann\n\nbob\nnobody\n")
    key.write_bytes(KEY)
    assert main(["events", url, "--export", str(folder)]) == 0
    assert "3 events written to" in capsys.readouterr().out
    for store in (url, f"parquet:{folder}"):
        assert main(["events", store, "--forget", str(file)]) == 0
        assert "1 events of 3 users deleted." in capsys.readouterr().out
        options = ["--forget", str(file), "--no-users", str(key), "--json"]
        assert main(["events", store, *options]) == 0
        assert json.loads(capsys.readouterr().out)["deleted"] == 1
        with open_store(store) as opened:
            assert [event.id for _, event in opened.read()] == ["2"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["sqlite:///none.db"], "sqlite:///none.db: no such file"),
        (["parquet:none"], "no such folder"),
        (["{url}", "--forget", "none.txt"], "none.txt is missing"),
        (["{url}", "--forget", "{empty}"], "expected 1 to 1,000,000 ids of users"),
        (["{url}", "--no-users", "{empty}"], "has 0 bytes: expected 16 to 4096"),
    ],
)
def test_what_is_wrong_is_named(url, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").write_text("\n")
    arguments = [one.format(url=url, empty="empty") for one in arguments]
    assert main(["events", *arguments]) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--log-impressions"], "--log-impressions needs --events URL"),
        (["--no-users"], "--no-users needs --events URL"),
        (
            ["--events", "{url}", "--keep-events", "90"],
            "--keep-events: expected a duration",
        ),
        (
            ["--events", "{url}", "--events-limit", "10GB"],
            "--events-limit: expected a size",
        ),
        (["--events", "parquet:x"], "is an export, which takes no new events"),
        (["--events", "mysql://x"], "expected sqlite:///PATH"),
        (["--events", "{url}", "--no-users"], "or set KERASREC_EVENTS_KEY"),
    ],
)
def test_wrong_options_of_serve(url, tmp_path, monkeypatch, capsys, options, message):
    monkeypatch.delenv("KERASREC_EVENTS_KEY", raising=False)
    options = [one.format(url=url) for one in options]
    assert main(["serve", str(tmp_path), "--port", "0", *options]) == 2
    assert message in capsys.readouterr().err


def test_durations_and_sizes():
    assert [duration(one, "") for one in ("10s", "1.5m", "2h", "90d")] == [10, 90, 7200, 7_776_000]
    assert [byte_size(one, "") for one in ("1KiB", "1.5 MiB")] == [1024, 1.5 * 2**20]
    for text in ("", "d", "-1d", "0d", "1 d", "1w", "nan", "9" * 30 + "d"):
        with pytest.raises(InputError, match="--keep-events"):
            duration(text, "--keep-events")
    for text in ("", "1", "0MiB", "-1MiB", "9" * 30 + "KiB"):
        with pytest.raises(InputError, match="--events-limit"):
            byte_size(text, "--events-limit")
