"""The folder of one run: its files, the hashes of its data, its starting checkpoint."""
