"""Floor 0: PostgreSQL and time. Knows no resident and no alert."""
