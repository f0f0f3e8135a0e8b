"""Where is the SQL of a package? In its `queries.sql`, or in a folder `queries` where one file grew too long, in named
blocks; this loads them.

A block starts with `-- name: open_alert` and runs to the next one; the comment lines under the name say what it answers.
"""

import re
from functools import cache
from importlib import resources

_NAME = re.compile(r"^-- name: ([a-z][a-z0-9_]*)\s*$", re.MULTILINE)


class UnknownQuery(AttributeError):
    """queries.sql of {package} has no block of that name; add `-- name: {name}` or mend the spelling."""

    def __init__(self, package: str, name: str) -> None:
        super().__init__(f"queries.sql of {package} has no block `{name}`; add `-- name: {name}` or mend the spelling")


class Queries:
    """The named SQL of one package: `queries.open_alert` is the text of the block `open_alert`, as bytes for psycopg."""

    def __init__(self, package: str, text: str) -> None:
        self.package = package
        self.blocks: dict[str, bytes] = {}
        parts = _NAME.split(text)
        for name, body in zip(parts[1::2], parts[2::2], strict=True):
            if name in self.blocks:
                raise ValueError(f"queries.sql of {package} names `{name}` twice; rename one")
            self.blocks[name] = body.strip().encode()

    def __getattr__(self, name: str) -> bytes:
        try:
            return self.blocks[name]
        except KeyError:
            raise UnknownQuery(self.package, name) from None


@cache
def load(package: str) -> Queries:
    """Return the named queries of a package, read once a process."""
    home = resources.files(package)
    folder = home.joinpath("queries")
    files = sorted(folder.iterdir(), key=lambda each: each.name) if folder.is_dir() else [home.joinpath("queries.sql")]
    return Queries(package, "\n".join(each.read_text(encoding="utf-8") for each in files))
