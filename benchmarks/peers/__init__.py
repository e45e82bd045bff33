"""The measured implementations: modules with `setup(case)`, each run by its library's Python."""
