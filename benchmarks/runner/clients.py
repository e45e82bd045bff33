"""Clients that ask a server over and over, and what they found."""

import http.client
import json
import threading
import time

import numpy as np

MOST = 100_000  # requests of one measurement


class RestClient:
    """One connection to TF Serving's REST; `ask(body)` -> (status, JSON)."""

    def __init__(self, port, name):
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._path = f"/v1/models/{name}:predict"

    def ask(self, body):
        self._connection.request("POST", self._path, body)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read())

    def ask_well(self, body):
        """Of a request that is answered for sure."""
        code, answer = self.ask(body)
        if code != 200:
            raise RuntimeError(f"{code}: {answer}")

    def close(self):
        self._connection.close()


class GrpcClient:
    """One connection to TF Serving's gRPC; `ask(request)` -> its answer."""

    def __init__(self, port):
        import grpc
        from tensorflow_serving.apis import prediction_service_pb2_grpc

        options = [("grpc.use_local_subchannel_pool", 1)]
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}", options)
        self._stub = prediction_service_pb2_grpc.PredictionServiceStub(self._channel)

    def ask(self, request):
        return self._stub.Predict(request, timeout=60)

    ask_well = ask

    def close(self):
        self._channel.close()


def asked_by(clients, seconds):
    """Lets every client ask until the time is over.

    Args:
        clients: Functions of a number, one a client, which ask the request of that number.
        seconds: How long.

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
            while before < end and len(times) < MOST // len(clients):
                ask(place + len(clients) * len(times))
                after = time.perf_counter()
                times.append(1000 * (after - before))
                before = after
        except Exception as error:  # told by the one who started it
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
