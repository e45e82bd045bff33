"""The hash of a file of any size."""

import hashlib


def file_hash(path):
    """SHA-256 of a file, in hexadecimal, read in parts of 1 MiB."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(2**20):
            digest.update(part)
    return digest.hexdigest()
