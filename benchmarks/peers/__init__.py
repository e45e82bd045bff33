"""What is measured: modules with `setup(case)`, each run by the Python that has its library."""
