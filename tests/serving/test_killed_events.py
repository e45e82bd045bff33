"""`kill -9` of a real server while it takes events: what it acknowledged is there, once."""

import collections
import json
import os
import random
import signal
import subprocess
import sys
import threading

import pytest
import urllib3

from kerasrec.events import open_store

pytestmark = pytest.mark.slow

EVENTS, BATCH, CLIENTS, KILLS = 10_000, 20, 4, 3
JSON = {"Content-Type": "application/json"}
CLICK = {"kind": "interaction", "item": "a"}


class Process:
    """`kerasrec serve` with events, in a process of its own."""

    def __init__(self, folder, url):
        command = [sys.executable, "-m", "kerasrec", "serve", str(folder), "--json"]
        command += ["--port", "0", "--events", url]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            env={**os.environ, "PYTHONUNBUFFERED": "1"},
        )  # fmt: skip
        text = "".join(iter(self.process.stdout.readline, "}\n")) + "}"
        self.url = f"http://127.0.0.1:{json.loads(text)['port']}/v1/events"

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(30)
        self.process.stdout.close()


class Clients:
    """Clients that send the batches that nobody has acknowledged, until the server is gone."""

    def __init__(self):
        self.left = collections.deque(range(EVENTS // BATCH))
        self.acknowledged, self.duplicates, self._lock = set(), 0, threading.Lock()
        self.reached = threading.Condition(self._lock)

    def send_all(self, url):
        with urllib3.PoolManager(
            retries=False, headers={"Content-Type": "application/json"}
        ) as pool:
            while True:
                with self._lock:
                    if not self.left:
                        return
                    batch = self.left.popleft()
                events = [
                    {
                        "kind": "interaction",
                        "id": f"{batch}-{n}",
                        "user": f"{n}",
                        "item": f"{batch}",
                    }
                    for n in range(BATCH)
                ]
                try:
                    answer = pool.request("POST", url, body=json.dumps({"events": events}))
                    counts = answer.json() if answer.status == 200 else None
                except (urllib3.exceptions.HTTPError, ValueError):
                    counts = None
                with self._lock:
                    if counts is None:
                        self.left.append(batch)
                        return
                    assert counts["new"] + counts["duplicates"] == BATCH
                    self.duplicates += counts["duplicates"]
                    self.acknowledged |= {event["id"] for event in events}
                    self.reached.notify_all()


def test_every_acknowledged_event_is_there_once(toys, tmp_path):
    url, random_part = f"sqlite:///{tmp_path}/events.db", random.Random(7)
    clients = Clients()
    for kill in range(KILLS + 1):
        server = Process(toys, url)
        try:
            threads = [
                threading.Thread(target=clients.send_all, args=(server.url,))
                for _ in range(CLIENTS)
            ]
            for thread in threads:
                thread.start()
            if kill < KILLS:
                part = EVENTS / (KILLS + 1)
                goal = part * (kill + random_part.random())
                with clients.reached:
                    assert clients.reached.wait_for(lambda: len(clients.acknowledged) >= goal, 30)  # noqa: B023
                server.kill()
            for thread in threads:
                thread.join(60)
        finally:
            server.kill()
        with open_store(url) as store:
            found = [event.id for _, event in store.read(limit=2 * EVENTS)]
        assert len(found) == len(set(found))
        assert clients.acknowledged <= set(found)
    assert len(clients.acknowledged) == len(found) == EVENTS
