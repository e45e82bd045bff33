"""Limits the number of concurrent gRPC requests and the size of their messages."""

import threading

import grpc


class GrpcLimiter(grpc.ServerInterceptor):
    """Interceptor that reads the message of each request, with a deadline, before it may run.

    A standard gRPC handler blocks its thread until the message arrives, possibly forever. Then a
    few requests without a message would block the server.

    Args:
        limits: A `Limits`. A message must arrive `headers` seconds after its request. `threads`
            requests run at the same time; the executor has a thread for each of `waiting`. All
            messages in progress have at most `waiting_bytes`.
    """

    def __init__(self, limits):
        self._seconds, self._max_bytes = limits.headers, limits.waiting_bytes
        self._running = threading.Semaphore(limits.threads)
        self._bytes, self._lock = 0, threading.Lock()

    def intercept_service(self, continuation, handler_call_details):
        handler = continuation(handler_call_details)
        if handler is None:
            return None

        def answer(requests, context):
            request = self._receive(requests, context)
            if request is None:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The request has no message.")
            size = request.ByteSize()
            if not self._reserve(size):
                context.abort(
                    grpc.StatusCode.UNAVAILABLE,
                    f"{self._bytes >> 20} MiB of requests wait already: try again in a moment.",
                )
            try:
                with self._running:
                    return handler.unary_unary(request, context)
            finally:
                self._reserve(-size)

        return grpc.stream_unary_rpc_method_handler(
            answer, handler.request_deserializer, handler.response_serializer
        )

    def _reserve(self, size):
        """Reserves `size` bytes and returns True, or returns False if too few are free."""
        with self._lock:
            fits = self._bytes + size <= self._max_bytes
            if fits:
                self._bytes += size
            return fits

    def _receive(self, requests, context):
        timer = threading.Timer(self._seconds, context.cancel)
        timer.daemon = True
        timer.start()
        try:
            return next(requests, None)
        finally:
            timer.cancel()
