"""Clients that send requests repeatedly, and their latencies."""

import http.client
import json
import threading
import time

import numpy as np

MAX_REQUESTS = 100_000  # of one measurement


class RestClient:
    """A connection to TF Serving's REST; `ask(body)` -> (status, JSON)."""

    def __init__(self, port, name):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._path = f"/v1/models/{name}:predict"

    def ask(self, body):
        self._connection.request("POST", self._path, body)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def ask_or_raise(self, body):
        """Sends a valid request; raises if the status is not 200."""
        code, answer = self.ask(body)
        if code != 200:
            raise RuntimeError(f"{code}: {answer}")

    def close(self):
        self._connection.close()


class GrpcClient:
    """A connection to TF Serving's gRPC; `ask(request)` -> the response."""

    def __init__(self, port):
        import grpc
        from tensorflow_serving.apis import prediction_service_pb2_grpc

        options = [("grpc.use_local_subchannel_pool", 1)]
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options)
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)

    def ask(self, request):
        return self._stub.Predict(request, timeout=60)

    ask_or_raise = ask

    def close(self):
        self._channel.close()


def run_clients(clients, seconds):
    """Runs all clients in threads for a time.

    Args:
        clients: One function per client, which sends the request of a given number.
        seconds: Duration.

    Returns:
        (milliseconds of each request, requests per second)
    """
    found, start = [[] for _ in clients], threading.Barrier(len(clients) + 1)
    errors = []

    def work(place, ask):
        times = found[place]
        start.wait()
        end = time.perf_counter() + seconds
        before = time.perf_counter()
        try:
            while before < end and len(times) < MAX_REQUESTS // len(clients):
                ask(place + len(clients) * len(times))
                after = time.perf_counter()
                times.append(1000 * (after - before))
                before = after
        except Exception as error:  # raised in the main thread below
            errors.append(error)

    threads = [threading.Thread(target=work, args=each) for each in enumerate(clients)]
    for thread in threads:
        thread.start()
    start.wait()
    began = time.perf_counter()
    for thread in threads:
        thread.join()
    if errors:
        raise errors[0]
    times = np.concatenate(found)
    return times, len(times) / (time.perf_counter() - began)
