"""Settings from the environment. An invalid value is reported in one line, with the setting and the accepted form."""

import re
from collections.abc import Callable, Mapping
from difflib import SequenceMatcher
from pathlib import Path
from typing import TypeVar

from django.core.exceptions import ImproperlyConfigured

FILE_SUFFIX = "_FILE"
# Variables of other programs, such as SECRET_KEY_BASE and XDG_DATA_DIRS, are less similar.
SIMILARITY_MIN = 0.84
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]{4,}")

T = TypeVar("T")


class StartError(ImproperlyConfigured):
    """An error that prevents the start of a process. Its message is one line without secrets."""


class SettingError(StartError):
    """An error for a setting with an invalid value."""

    def __init__(self, name: str, problem: object) -> None:
        super().__init__(f"{name} {problem}.")


class Environment:
    """The environment variables of the process. NAME_FILE may name a file that contains the value of NAME."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        self._known: set[str] = set()
        self._removed: set[str] = set()

    def value(self, name: str, parse: Callable[[str], T], default: str = "") -> T:
        """Return a setting with a single value; an empty variable means the default. Raises SettingError."""
        return self._parse(name, parse, self._read(name) or default)

    def items(self, name: str, parse: Callable[[str], T], default: str = "") -> T:
        """Return a setting that is a list. An empty variable is an empty list. Raises SettingError."""
        text = self._read(name)
        return self._parse(name, parse, default if text is None else text)

    def find_removed(self, names: tuple[str, ...]) -> list[str]:
        """Return the environment variables that set one of the given removed settings."""
        self._removed.update(names)
        return [name for name in self._variables if name.removesuffix(FILE_SUFFIX) in names]

    def find_misspelled(self) -> list[tuple[str, str]]:
        """Return the variables that look like misspelled settings, each with the setting that is probably intended."""
        unknown = [
            name for name in self._variables if name.removesuffix(FILE_SUFFIX) not in self._known | self._removed
        ]
        pairs = ((name, find_closest_setting(name.removesuffix(FILE_SUFFIX), self._known)) for name in sorted(unknown))
        return [(name, meant) for name, meant in pairs if meant]

    def _read(self, name: str) -> str | None:
        self._known.add(name)
        if path := self._variables.get(name + FILE_SUFFIX):
            return _read_file(name + FILE_SUFFIX, Path(path))
        return self._variables.get(name)

    @staticmethod
    def _parse(name: str, parse: Callable[[str], T], text: str) -> T:
        try:
            return parse(text)
        except ValueError as error:
            raise SettingError(name, error) from error


def find_closest_setting(name: str, known: set[str]) -> str | None:
    """Return the setting that is most similar to a name, ignoring underscores, or None if no setting is similar."""
    if not _VARIABLE.fullmatch(name):
        return None
    ratios = {
        each: SequenceMatcher(None, _remove_underscores(name), _remove_underscores(each)).ratio()
        for each in sorted(known)
    }
    best = max(ratios, key=ratios.__getitem__, default=None)
    return best if best and ratios[best] >= SIMILARITY_MIN else None


def _remove_underscores(name: str) -> str:
    return name.replace("_", "")


def _read_file(name: str, path: Path) -> str:
    try:
        return path.read_text().rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingError(name, f"must be the path of a readable file, but {path} is not: {reason}") from error
