"""Where do style sheet, scripts and pictures come from? From us alone, kept by browsers for ever under their version."""

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

from fastapi import APIRouter, Request, Response

from api.problems import Problem, shown

router = APIRouter()

# a slim container has no /etc/mime.types
mimetypes.add_type("text/javascript", ".js")
mimetypes.add_type("image/svg+xml", ".svg")
_PRESSED = ("text/", "image/svg+xml")
"""Kinds that get smaller by compression."""


@dataclass(frozen=True, slots=True)
class _File:
    kind: str
    body: bytes
    pressed: bytes | None


@dataclass(frozen=True, slots=True)
class _Files:
    """All static files and the version that they are together."""

    version: str
    files: dict[str, _File]


@cache
def _files() -> _Files:
    found: dict[str, _File] = {}
    sums = hashlib.sha256()
    for path, file in sorted(_walk(resources.files("api").joinpath("static"), "")):
        body = file.read_bytes()
        kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
        if kind.startswith("text/"):
            kind += "; charset=utf-8"
        pressed = gzip.compress(body, 9, mtime=0) if kind.startswith(_PRESSED) else None
        found[path] = _File(kind, body, pressed)
        sums.update(path.encode() + b"\0" + body)
    return _Files(sums.hexdigest()[:12], found)


def _walk(folder: Traversable, prefix: str) -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for each in folder.iterdir():
        if each.is_dir():
            found += _walk(each, f"{prefix}{each.name}/")
        else:
            found.append((prefix + each.name, each))
    return found


def address(path: str) -> str:
    """Return where a static file is found. The version of all files is in it, so scripts find each other beside them."""
    if path not in _files().files:
        raise FileNotFoundError(f"static file {path}: there is none of that name in api/static")
    return f"/static/{_files().version}/{path}"


def addresses() -> list[str]:
    """Return where everything is found that a page needs, so that a phone can keep it for when there is no line."""
    return [f"/static/{_files().version}/{path}" for path in _files().files if path.endswith((".css", ".js", ".svg"))]


@router.get("/sw.js")
def serve_worker() -> Response:
    """Send the worker of the pages, from the top: a browser lets one see to no more than what lies below it."""
    return Response(
        _files().files["js/sw.js"].body, media_type="text/javascript", headers={"cache-control": "no-cache"}
    )


@router.get("/static/{version}/{path:path}")
def serve(version: str, path: str, request: Request) -> Response:
    """Send a file; for ever where the version is ours, else only for now: another process may be newer."""
    files = _files()
    file = files.files.get(path)
    if file is None:
        raise Problem(404, f"there is no static file {shown(path)}")
    headers = {
        "cache-control": "public, max-age=31536000, immutable" if version == files.version else "no-cache",
        "vary": "accept-encoding",
    }
    takes = request.headers.get("accept-encoding", "")
    if file.pressed is not None and "gzip" in takes:
        return Response(file.pressed, media_type=file.kind, headers={**headers, "content-encoding": "gzip"})
    return Response(file.body, media_type=file.kind, headers=headers)
