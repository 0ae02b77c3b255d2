"""Text files that people write, read whole."""

from __future__ import annotations

from pathlib import Path

from orchestrator.errors import InvalidInput

MOST_BYTES = 64 * 1024 * 1024


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
        if path.stat().st_size > MOST_BYTES:
            message = f"{path}: longer than {MOST_BYTES // 1024 // 1024} MiB"
            raise InvalidInput(message)
        return path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        message = f"{path}:{line}: not UTF-8 (byte 0x{error.object[error.start]:02x}); save the file as UTF-8"
        raise InvalidInput(message) from error
    except OSError as error:
        message = f"{path}: {error.strerror}"
        raise InvalidInput(message) from error
