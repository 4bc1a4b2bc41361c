"""Assets: the files of the pages, which are part of the package."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import as_file, files
from importlib.resources.abc import Traversable

from fastapi.responses import FileResponse

#: The folder of the files.
FOLDER = files("portal_sandbox") / "templates"


@cache
def template(name: str) -> str:
    """Return the text of a file by its path in the folder."""
    return (FOLDER / name).read_text("utf-8")


def asset(file: Traversable, headers: Mapping[str, str]) -> FileResponse:
    """Return a script, a style or an image as a response, which a browser takes for nothing else."""
    with as_file(file) as path:
        return FileResponse(path, headers={**headers, "X-Content-Type-Options": "nosniff"})
