"""Folders for what is nobody else's business, and what makes their entries last."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any, NoReturn

from orchestrator.errors import InvalidInput

LOCKS = ".locks"
"""The folder of a state directory that its locks are in."""


MOST_PLAN_BYTES = 64 * 1024 * 1024


def make_private(folder: Path) -> None:
    """Make a folder that only its owner may enter, and those above it; what exists already is left as it is."""
    missing = [parent for parent in (folder, *folder.parents) if not parent.exists()]
    for parent in reversed(missing):
        parent.mkdir(mode=0o700, exist_ok=True)


def sync_folder(folder: Path) -> None:
    """Make the entries of a folder survive a crash of the machine."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read_text(path: Path) -> str:
    """
    Read a plan's file.

    Raises:

        InvalidInput: It is missing, too long or not UTF-8.
    """
    try:
        if not path.is_file():
            what = (
                "is a directory, not a plan" if path.is_dir() else "not a regular file" if path.exists() else "no such file"
            )
            message = f"{path}: {what}"
            raise InvalidInput(message)
        if path.stat().st_size > MOST_PLAN_BYTES:
            message = f"{path}: longer than {MOST_PLAN_BYTES // 1024 // 1024} MiB"
            raise InvalidInput(message)
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        message = f"{path}:{line}: not UTF-8 (byte 0x{error.object[error.start]:02x}); save the file as UTF-8"
        raise InvalidInput(message) from error
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise InvalidInput(message) from error


def partial_of(path: Path) -> Path:
    """Return a name beside a file's for what will become it, one that nobody can have put something at."""
    return path.with_name(f"{path.name}.{secrets.token_hex(8)}.partial")


def write_whole(path: Path, text: str, *, mode: int = 0o666, lasting: bool = False) -> None:
    """
    Write a file whole or not at all, so that nobody reads half of it; what was there before is replaced.

    Args:

        path: The file.
        text: What is to be in it; lone surrogates are written as they are.
        mode: Who may read and write it, the umask apart.
        lasting: Whether it has to survive a crash of the machine, and not only one of the program.

    Raises:

        OSError: It cannot be written.
    """
    partial = partial_of(path)
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
        with open(descriptor, "w", encoding="utf-8", errors="surrogatepass") as file:
            file.write(text)
            if lasting:
                file.flush()
                os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse an object with a key twice: what a person reads would not be what is done."""
    found = dict(pairs)
    if len(found) != len(pairs):
        message = "a key is given twice"
        raise ValueError(message)
    return found


def no_constant(name: str) -> NoReturn:
    """Refuse NaN and the infinities."""
    message = f"{name} is not JSON"
    raise ValueError(message)


DECODER = json.JSONDecoder(object_pairs_hook=without_duplicates, parse_constant=no_constant)
