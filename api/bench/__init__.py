"""How fast is it? The figures of docs/performance.md, again: each benchmark brings its own system and throws it away."""


class BenchFailed(Exception):
    """A benchmark could not be carried through."""
