"""Stores of every kind; PostgreSQL is a real server, of Debian's packages or of the PATH."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import uuid

import pytest

from kerasrec.events import Event, open_store


class Postgres:
    """A PostgreSQL server on the loopback interface, in a temporary folder.

    initdb refuses root, so that its files then belong to the user "postgres" or "nobody".
    """

    def __init__(self, programs):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="kerasrec-postgres-"))
        self._programs, self._user = programs, None
        if os.getuid() == 0:
            import pwd

            names = {entry.pw_name for entry in pwd.getpwall()}
            self._user = "postgres" if "postgres" in names else "nobody"
            shutil.chown(self.folder, self._user)
        self._run("initdb", "-D", "data", "-U", "tester", "-A", "trust", "-E", "UTF8", "-N")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.start()

    def start(self):
        options = f"-p {self.port} -h 127.0.0.1 -k {self.folder} -c fsync=off"
        self._run("pg_ctl", "-D", "data", "-l", "log", "-w", "-t", "30", "-o", options, "start")

    def stop(self):
        self._run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    def database(self):
        """The URL of a new database."""
        name = f"d{uuid.uuid4().hex}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "tester", name)
        return f"postgresql://tester@127.0.0.1:{self.port}/{name}"

    def _run(self, program, *arguments):
        user = {} if self._user is None else {"user": self._user, "extra_groups": []}
        said = self.folder / f"{program}.out"
        # No pipe: the server inherits it, and would keep it open.
        with open(said, "wb") as out:
            done = subprocess.run(
                [self._programs / program, *arguments], cwd=self.folder, stdout=out, stderr=out,
                stdin=subprocess.DEVNULL, timeout=60,
                env={"PATH": os.environ["PATH"], "LC_ALL": "C"}, **user,
            )  # fmt: skip
        assert done.returncode == 0, said.read_text()


def _programs():
    """The folder of PostgreSQL's programs; None where there are none."""
    found = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else on_path and pathlib.Path(on_path).parent


@pytest.fixture(scope="session")
def postgres():
    pytest.importorskip("psycopg", reason="NOT TESTED: events in PostgreSQL, psycopg is missing")
    programs = _programs()
    if programs is None:
        pytest.skip("NOT TESTED: events in PostgreSQL, it is not installed (apt: postgresql)")
    server = Postgres(programs)
    yield server
    server.stop()
    shutil.rmtree(server.folder)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.slow)])
def url(request, tmp_path):
    """The URL of a new store that takes events."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/events.db"
    return request.getfixturevalue("postgres").database()


@pytest.fixture
def store(url):
    with open_store(url) as opened:
        yield opened


@pytest.fixture
def click():
    """`click(id, **fields)`: an interaction of the user u with the item a at time 100."""

    def make(id, **fields):
        given = {"time": 100.0, "user": "u", "item": "a", "behavior": "click", **fields}
        return Event("interaction", id, **given)

    return make


@pytest.fixture
def shown():
    """`shown(id, items, **fields)`: an impression at time 100."""

    def make(id, items, **fields):
        return Event("impression", id, items=tuple(items), **{"time": 100.0, **fields})

    return make
