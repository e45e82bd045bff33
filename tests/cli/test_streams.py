"""Whoever reads stdout or stderr may stop at any time; the work goes on, and nothing is traced."""

import contextlib
import io
import os
import subprocess
import sys

import pytest

from kerasrec.cli import main
from kerasrec.cli.streams import tolerant_streams


def closed_pipe():
    read, write = os.pipe()
    os.close(read)
    return os.fdopen(write, "w", encoding="utf-8")


def closed_file():
    stream = io.StringIO()
    stream.close()
    return stream


@pytest.mark.parametrize("make", [closed_pipe, closed_file, lambda: None])
@pytest.mark.parametrize("name", ["stdout", "stderr"])
def test_writing_to_what_is_closed_does_nothing(monkeypatch, make, name):
    stream = make()
    monkeypatch.setattr(sys, name, stream)
    with tolerant_streams() as out:
        for _ in range(3):
            print("a line", file=getattr(sys, name), flush=True)
        getattr(sys, name).writelines(["two\n", "lines\n"])
        assert bool(out.error) == (name == "stdout" and stream is not None)
    assert getattr(sys, name) is stream
    if stream is not None:
        with contextlib.suppress(OSError):
            stream.close()  # what was in its buffer goes nowhere


def test_closing_it_leaves_the_stream_of_python_open(capsys):
    stream = sys.stdout
    with tolerant_streams() as out:
        assert stream in (sys.stderr, sys.stdout)
        out.close()
    print("still there")
    assert capsys.readouterr().out == "still there\n"


def test_the_other_stream_goes_on(monkeypatch, capsys):
    pipe = closed_pipe()
    monkeypatch.setattr(sys, "stdout", pipe)
    with tolerant_streams():
        print("to nobody", flush=True)
        print("to somebody", file=sys.stderr)
    assert capsys.readouterr().err == "to somebody\n"
    pipe.close()


@pytest.mark.parametrize("arguments", [["list"], ["list", "--json"]])
def test_the_exit_status_shows_that_stdout_was_closed(monkeypatch, tmp_path, capsys, arguments):
    monkeypatch.chdir(tmp_path)
    pipe = closed_pipe()
    monkeypatch.setattr(sys, "stdout", pipe)
    assert main(arguments) == 141
    assert capsys.readouterr().err == ""
    pipe.close()


def test_a_full_disk_is_named(monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    with open("/dev/full", "w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["list", "--json"]) == 1
    assert "stdout could not be written to its end: [Errno 28]" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize(("closed", "status"), [(">&-", 0), ("2>&-", 0), (">&- 2>&- <&-", 0)])
def test_a_process_without_a_stream(tmp_path, closed, status):
    command = f"exec {sys.executable} -m kerasrec list {closed}"
    done = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == status and "Traceback" not in done.stderr
