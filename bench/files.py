"""Files to send; they are kept in build/."""

from __future__ import annotations

from bench.generated import FOLDER


def sparse(size: int) -> str:
    """Return a sparse file of so many bytes."""
    path = FOLDER / "files" / f"{size}.bin"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.truncate(size)
    return str(path)


def small(count: int) -> list[str]:
    """Return so many files of 100 bytes."""
    folder = FOLDER / "files" / "small"
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:05}.txt" for number in range(count)]
    for path in paths:
        if not path.exists():
            path.write_bytes(b"x" * 100)
    return [str(path) for path in paths]
