"""The folder of one run: what it holds, what it was given, what it starts from."""
