"""The service's own files in DATA_DIR, readable by their owner only."""

import os
import secrets
from pathlib import Path
from typing import Any

from django.utils.functional import SimpleLazyObject

from dashboards_api.environment import parse_secret
from dashboards_api.environment_reader import SettingError

SECRET_NAME = "secret_key"  # noqa: S105  the name of a file


def create_data_dir(folder: Path) -> None:
    """Create the folder, readable by its owner only, if it is missing. Raises SettingError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise build_data_dir_error(folder, error) from error


def write_private(path: Path, text: str) -> None:
    """Replace a file with a new file, created with mode 0600. Raises SettingError."""
    create_data_dir(path.parent)
    try:
        path.unlink(missing_ok=True)
        with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(text)
    except OSError as error:
        raise build_data_dir_error(path.parent, error) from error


def get_stored_secret(folder: Path) -> Any:
    """Return the secret in DATA_DIR, or a lazy string that creates a missing secret on first use.

    This way, a command that signs nothing does not create a secret in a wrong folder.
    """
    path = folder / SECRET_NAME
    return (
        read_or_create_secret(path) if os.path.exists(path) else SimpleLazyObject(lambda: read_or_create_secret(path))
    )


def read_or_create_secret(path: Path) -> str:
    """Return the secret in a file, which is created on first use, readable by its owner only. Raises SettingError."""
    create_data_dir(path.parent)
    try:
        if not path.exists():
            _create_secret(path)
        secret = path.read_text().strip()
    except OSError as error:
        raise build_data_dir_error(path.parent, error) from error
    try:
        return parse_secret(secret or " ")
    except ValueError as error:
        raise SettingError(str(path), error) from error


def _create_secret(path: Path) -> None:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    write_private(draft, secrets.token_urlsafe(48))
    try:
        os.link(draft, path)  # fails if another process has created the file, because all processes must use one secret
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def build_data_dir_error(folder: Path, error: OSError) -> SettingError:
    return SettingError("DATA_DIR", f"must be a writable folder, but {folder} is not: {error.strerror}")
