"""Models that count or solve for a table of neighbours."""
