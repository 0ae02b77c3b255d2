"""Folders for what is nobody else's business, and what makes their entries last."""

from __future__ import annotations

import os
from pathlib import Path

LOCKS = ".locks"
"""The folder of a state directory that its locks are in."""


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
