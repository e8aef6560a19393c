"""Identification of the caller of a request before Django runs: the user of its API key, else its network."""

from typing import Any

# The key in the WSGI environment under which authentication stores the user of the API key.
AUTHENTICATED = "dashboards.authenticated"
MAX_CACHED_KEYS = 10_000


class CallerCache:
    """A cache of the users of valid API keys, by a hash of the key.

    A client counts as one caller even if it invents a key for each request, or varies the spelling of the
    authentication scheme.
    """

    def __init__(self) -> None:
        self.users: dict[int, str] = {}

    def find(self, environ: dict[str, Any], network: str) -> str:
        """Return the caller of a request from the given network."""
        return self.users.get(_hash_key(environ), network)

    def record(self, environ: dict[str, Any], status: int) -> None:
        """Store the user of the API key of a request, or remove the key if it was refused."""
        if AUTHENTICATED in environ:
            if len(self.users) >= MAX_CACHED_KEYS:
                self.users.pop(next(iter(self.users)), None)
            self.users[_hash_key(environ)] = f"user {environ[AUTHENTICATED]}"
        elif status == 401:
            self.users.pop(_hash_key(environ), None)


def _hash_key(environ: dict[str, Any]) -> int:
    """Return a hash of the key in the Authorization header, regardless of the spelling of the scheme."""
    return hash(environ.get("HTTP_AUTHORIZATION", "").strip().partition(" ")[2].strip())
