"""The hash of a file of any size."""

import hashlib


def file_hash(path):
    """SHA-256 of a file, in hexadecimal; a part of it is in memory at once."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        while part := file.read(2**20):
            digest.update(part)
    return digest.hexdigest()
