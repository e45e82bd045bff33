import http.client
import socket
import threading

import pytest

from kerasrec.errors import InputError
from kerasrec.serving.limits import Limits
from kerasrec.serving.models import Models
from kerasrec.serving.server import Server
from kerasrec.serving.version import Version


def quiet(line):
    """Discards the lines of a server."""


def test_a_version_folder_is_served_under_the_name_of_its_model(toys, ask):
    with Server(toys / "1", port=0, say=quiet) as server:
        _, answer = ask(server, "/v1/models/toy")
        assert [one["version"] for one in answer["model_version_status"]] == ["1"]


def test_another_name(toys, ask):
    with Server(toys, name="shop", port=0, say=quiet) as server:
        assert ask(server, "/v1/models/shop")[0] == 200
        assert ask(server, "/v1/models/toy")[0] == 404


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 in this Python")
def test_ipv6(toys):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with Server(toys, host="::1", port=0, grpc_port=0, say=quiet) as server:
        connection = http.client.HTTPConnection("::1", server.port, timeout=30)
        connection.request("GET", "/v1/models/toy", headers={"Host": f"[::1]:{server.port}"})
        assert connection.getresponse().status == 200
        connection.close()


def test_other_folders_are_refused(toys, tmp_path):
    (tmp_path / "1").mkdir()
    (tmp_path / "empty").mkdir()
    (tmp_path / "toy").symlink_to(toys / "1")
    for folder, sentence in (
        (tmp_path / "none", "is not a folder"),
        (tmp_path / "empty", "holds no version: expected folders named by numbers"),
        (tmp_path, "no version can be loaded. version 1: "),
    ):
        with pytest.raises(InputError, match=sentence):
            Server(folder, port=0, say=quiet)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "saved_model.pb").write_bytes(b"")
    with pytest.raises(InputError, match="whose name is not a version number"):
        Server(tmp_path / "model", port=0, say=quiet)


def test_a_port_in_use_is_refused(toys):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"cannot listen on 127.0.0.1:{port}"):
            Server(toys, port=port, say=quiet)
        with pytest.raises(InputError, match=f"gRPC cannot listen on 127.0.0.1:{port}"):
            Server(toys, port=0, grpc_port=port, say=quiet)


def test_stop_answers_requests_in_progress_and_frees_resources(toys, ask, monkeypatch):
    inside, free, run = threading.Event(), threading.Event(), Version.run

    def wait(self, *arguments, **named):
        inside.set()
        assert free.wait(30)
        return run(self, *arguments, **named)

    monkeypatch.setattr(Version, "run", wait)
    before, answers = threading.active_count(), []
    server = Server(toys, port=0, grpc_port=0, say=quiet)
    body = {"signature_name": "echo", "instances": ["a"]}
    client = threading.Thread(
        target=lambda: answers.append(ask(server, "/v1/models/toy:predict", body))
    )
    client.start()
    assert inside.wait(30)
    stopping = threading.Thread(target=server.stop)
    stopping.start()
    free.set()
    client.join(30), stopping.join(30)
    assert answers == [(200, {"predictions": [{"b64": "YQ=="}]})]
    (version,) = server.models.versions("toy")
    assert version.state == "END"
    assert threading.active_count() <= before
    with pytest.raises(ConnectionRefusedError):
        http.client.HTTPConnection("127.0.0.1", server.port).connect()


def test_keep_alive_connections_do_not_delay_stop(toys):
    server = Server(toys, port=0, say=quiet)
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    connection.request("GET", "/v1/models/toy")
    assert connection.getresponse().read()
    server.stop()
    connection.close()


def test_a_failed_poll_is_reported_once_and_polling_goes_on(toys, monkeypatch):
    looked, lines, real = threading.Semaphore(0), [], Models.poll

    def fail(models):
        real(models)
        if models.names() and threading.current_thread().name == "versions":
            looked.release()
            raise OSError("the disk is gone")

    monkeypatch.setattr(Models, "poll", fail)

    def say(line):
        lines.append(line)
        raise BrokenPipeError

    with Server(toys, port=0, limits=Limits(poll=0.001), say=say) as server:
        for _ in range(3):
            assert looked.acquire(timeout=30)
        assert server.ended() == []
    assert [line for line in lines if "gone" in line] == [
        "toy: the folder could not be checked: OSError('the disk is gone')"
    ]


def test_ended_names_a_dead_thread(toys, monkeypatch):
    monkeypatch.setattr(Server, "_keep_polling", lambda server: None)
    with Server(toys, port=0, say=quiet) as server:
        server._threads[-1].join(30)
        assert server.ended() == ["versions"]
