"""From what people did to a new version: rows, training, the gate, promotion and rollback."""
