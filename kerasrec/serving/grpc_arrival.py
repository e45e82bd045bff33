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
            of `waiting`.
    """

    def __init__(self, limits):
        self._seconds = limits.headers
        self._places = threading.Semaphore(limits.threads)

    def intercept_service(self, continuation, handler_call_details):
        handler = continuation(handler_call_details)
        if handler is None:
            return None

        def answered(requests, context):
            request = self._arrived(requests, context)
            if request is None:
                context.abort(grpc.StatusCode.INVALID_ARGUMENT, "The request has no message.")
            with self._places:
                return handler.unary_unary(request, context)

        return grpc.stream_unary_rpc_method_handler(
            answered, handler.request_deserializer, handler.response_serializer
        )

    def _arrived(self, requests, context):
        late = threading.Timer(self._seconds, context.cancel)
        late.daemon = True
        late.start()
        try:
            return next(requests, None)
        finally:
            late.cancel()
