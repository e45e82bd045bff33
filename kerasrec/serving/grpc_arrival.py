"""Requests over gRPC take a place only once they have arrived."""

import threading

import grpc


class GrpcArrival(grpc.ServerInterceptor):
    """Reads the message of each request, in its time, before one of the few places is taken.

    gRPC's own handlers hold their thread until the message is there, for ever where it never comes:
    as many requests without one as there are threads would keep everybody out.

    Args:
        limits: A `Limits`. A message must be there `headers` seconds after its request, and
            `threads` of them are worked on at the same time; the executor has a thread for each
            of `waiting`. All messages that wait have at most `waiting_bytes`.
    """

    def __init__(self, limits):
        self._seconds, self._most = limits.headers, limits.waiting_bytes
        self._places = threading.Semaphore(limits.threads)
        self._bytes, self._lock = 0, threading.Lock()

    def intercept_service(self, continuation, handler_call_details):
        handler = continuation(handler_call_details)
        if handler is None:
            return None

        def answered(requests, context):
            request = self._arrived(requests, context)
            if request is None:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The request has no message.")
            size = request.ByteSize()
            if not self._take(size):
                context.abort(
                    grpc.StatusCode.UNAVAILABLE,
                    f"{self._bytes >> 20} MiB of requests wait already: ask again in a moment.",
                )
            try:
                with self._places:
                    return handler.unary_unary(request, context)
            finally:
                self._take(-size)

        return grpc.stream_unary_rpc_method_handler(
            answered, handler.request_deserializer, handler.response_serializer
        )

    def _take(self, size):
        """Whether there was room for so many bytes more, which is taken then."""
        with self._lock:
            fits = self._bytes + size <= self._most
            if fits:
                self._bytes += size
            return fits

    def _arrived(self, requests, context):
        late = threading.Timer(self._seconds, context.cancel)
        late.daemon = True
        late.start()
        try:
            return next(requests, None)
        finally:
            late.cancel()
