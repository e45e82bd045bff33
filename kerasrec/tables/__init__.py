"""Large tables: sparse reads and updates, and a check of the memory they need."""
