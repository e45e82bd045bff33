"""docs/nightly.md and deploy/nightly: every command is one that kerasrec takes."""

import pathlib
import re
import shlex
import shutil
import subprocess

import pytest
import yaml

from kerasrec.cli.main import _parser

ROOT = pathlib.Path(__file__).resolve().parents[1]
NIGHTLY = ROOT / "deploy" / "nightly"


def parsed(words):
    """The arguments of a command line, which argparse would refuse by exiting."""
    words = words[words.index("kerasrec") + 1 :]
    return _parser().parse_args(words)


def commands_of_the_page():
    text = (ROOT / "docs" / "nightly.md").read_text(encoding="utf-8")
    lines = re.findall(r"^(?:    |\$ )((?:kerasrec|15 3 ).*)$", text, re.MULTILINE)
    return [line.split(" >> ")[0].rstrip(" &") for line in lines]


@pytest.mark.parametrize("line", commands_of_the_page())
def test_commands_of_the_page(line):
    words = shlex.split(line)
    if "&&" in words:  # of the crontab
        words = words[words.index("&&") + 1 :]
    assert parsed(words)


def test_the_page_has_the_whole_circle():
    lines = " ".join(commands_of_the_page())
    for command in ("fit", "export", "serve", "update", "rollback"):
        assert f"kerasrec {command}" in lines


def test_the_compose_file_is_the_whole_circle():
    services = yaml.safe_load((NIGHTLY / "docker-compose.yml").read_text())["services"]
    assert set(services) == {"events", "serve", "update"}
    serve, update = (parsed(services[name]["command"]) for name in ("serve", "update"))
    assert serve.events == update.events and serve.directory == update.directory
    assert update.watch == "1d" and serve.log_impressions
    # Only this machine reaches the server, and the database has no port at all.
    assert (
        services["serve"]["ports"] == ["127.0.0.1:8501:8501"] and "ports" not in services["events"]
    )
    assert services["serve"]["volumes"][0].endswith(":ro")


def test_the_unit_runs_the_command_of_the_page():
    unit = (NIGHTLY / "kerasrec-update.service").read_text()
    words = shlex.split(re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1])
    assert parsed(["kerasrec", *words[1:]]).directory == "saved_models/shop"


def test_the_timer_is_at_night():
    if shutil.which("systemd-analyze") is None:
        pytest.skip("NOT TESTED: the time of the timer: systemd-analyze is not installed")
    timer = (NIGHTLY / "kerasrec-update.timer").read_text()
    when = re.search(r"^OnCalendar=(.*)$", timer, re.MULTILINE)[1]
    found = subprocess.run(["systemd-analyze", "calendar", when], capture_output=True, text=True)
    assert found.returncode == 0 and "03:15:00" in found.stdout
