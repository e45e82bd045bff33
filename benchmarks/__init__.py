"""What kerasrec costs beside its peers: `python -m benchmarks NAME`, one file a benchmark."""
