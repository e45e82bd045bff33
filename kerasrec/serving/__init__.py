"""A local server for an export that speaks TF Serving's REST and gRPC."""
