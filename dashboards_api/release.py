"""The version and a hash of the source code. ETags depend on the hash, since a release may change responses."""

from functools import cache
from hashlib import blake2b
from pathlib import Path

VERSION = "0.2.0"
PACKAGES = ("dashboards_api", "users", "dashboards", "pages")
SUFFIXES = frozenset({".py", ".html", ".css", ".js", ".json"})


@cache
def get_release_hash() -> str:
    """Return a hash of the source files of the service."""
    root = Path(__file__).resolve().parent.parent
    digest = blake2b(digest_size=8)
    for package in PACKAGES:
        for path in sorted((root / package).rglob("*")):
            if path.suffix in SUFFIXES:
                digest.update(path.read_bytes())
    return digest.hexdigest()
