"""Infrastructure of the benchmarks: workers, clients, timing and reports."""
