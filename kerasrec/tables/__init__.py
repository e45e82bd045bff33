"""Large tables: rows read and written in place, and whether memory can hold them."""
