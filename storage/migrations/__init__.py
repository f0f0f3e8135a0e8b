"""The numbered steps of the schema, forward only."""
