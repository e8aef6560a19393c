"""Restriction of the file access of this process by Landlock.

Landlock needs Linux 5.13 or later. On other systems, nothing is restricted.

ClickHouse's `readonly` refuses table functions but neither the function `file` nor INTO OUTFILE. The printer refuses
both. Landlock is the second line of defense, against a statement that the printer should not have printed. Landlock
also forbids TCP, and signals to other processes.
"""

import ctypes
import os
import struct
import sys
from collections.abc import Iterable
from pathlib import Path

# System calls, which have the same numbers on x86-64 and ARM
_CREATE_RULESET = 444
_ADD_RULE = 445
_RESTRICT_SELF = 446
_ASK_VERSION = 1
_PATH_BENEATH = 1
_NO_NEW_PRIVILEGES = 38
_EXECUTE = 1
_WRITE_FILE = 2
_READ_FILE = 4
_READ_DIRECTORY = 8
_TRUNCATE = 1 << 14
_IOCTL = 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIRECTORY
_ALLOWED_ON_FILES = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL
# All rights on files in each version of the interface, starting with the first.
_RIGHTS = ((1 << 13) - 1, (1 << 14) - 1, (1 << 15) - 1, (1 << 15) - 1, (1 << 16) - 1)
_TCP = 3  # bind and connect
_SCOPES = 3  # abstract sockets of other processes, and signals to them


def sandbox_file_access(writable: Iterable[Path], readable: Iterable[Path]) -> bool:
    """Restrict this thread, and threads that it starts, to the given paths. Return whether the kernel does so."""
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None, use_errno=True)
    version = library.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))
    if version < 1:
        return False
    rights = _RIGHTS[min(version, len(_RIGHTS)) - 1]
    attributes = _pack_attributes(version, rights)
    ruleset = library.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0))
    if ruleset < 0:
        return False
    try:
        allowed = all(_allow(library, ruleset, path, rights) for path in writable)
        allowed = allowed and all(_allow(library, ruleset, path, _READ) for path in readable)
        return allowed and _apply(library, ruleset)
    finally:
        os.close(ruleset)


def _pack_attributes(version: int, rights: int) -> bytes:
    values = [rights]
    if version >= 4:
        values.append(_TCP)
    if version >= 6:
        values.append(_SCOPES)
    return struct.pack(f"={len(values)}Q", *values)


def _allow(library: ctypes.CDLL, ruleset: int, path: Path, rights: int) -> bool:
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return True  # a missing path needs no rule
    try:
        rights = rights if path.is_dir() else rights & _ALLOWED_ON_FILES
        rule = struct.pack("=Qi", rights, descriptor)
        added = library.syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_PATH_BENEATH), rule, ctypes.c_uint32(0))
        return bool(added == 0)
    finally:
        os.close(descriptor)


def _apply(library: ctypes.CDLL, ruleset: int) -> bool:
    if library.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0) != 0:
        return False
    return bool(library.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0)) == 0)
