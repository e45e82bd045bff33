"""Benchmarks of kerasrec and comparable libraries: `python -m benchmarks NAME`, one file each."""
