"""A local server for exports, with the REST and gRPC interfaces of TF Serving."""
