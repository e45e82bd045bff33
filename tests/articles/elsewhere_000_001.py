"""Ideas that a test of another folder proves, or that the library does not have; see page.py."""
