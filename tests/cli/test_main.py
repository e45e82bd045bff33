import subprocess
import sys
import time

import pytest

import kerasrec as package
from kerasrec.cli import main


def test_help_names_every_command_and_is_quick():
    command = [sys.executable, "-m", "kerasrec", "--help"]
    seconds = []
    for _ in range(3):  # the best of three: another process may have the machine
        started = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True)
        seconds.append(time.perf_counter() - started)
    assert done.returncode == 0
    for name in ("quickstart", "fit", "evaluate", "recommend", "export", "list"):
        assert name in done.stdout
    assert min(seconds) < 0.5


def test_nothing_heavy_is_imported_for_help():
    program = (
        "import sys, kerasrec.cli\n"
        "heavy = {'tensorflow', 'keras', 'pandas', 'numpy', 'pydantic', 'rich', 'matplotlib'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_version(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--version"])
    assert stopped.value.code == 0
    assert capsys.readouterr().out.strip() == f"kerasrec {package.__version__}"


@pytest.mark.parametrize("arguments", [[], ["no"], ["fit"], ["list", "a=1"]])
def test_wrong_usage_ends_with_status_2(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2 and "usage: kerasrec" in capsys.readouterr().err
