"""The ways to tell a person: one module a way, all behind the small interface of `base`."""
