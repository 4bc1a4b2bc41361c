"""Arguments: what is said of one that cannot be what it is meant to be."""

from collections.abc import Mapping


def check(name: str, value: object, kind: type | tuple[type, ...], meaning: str) -> None:
    """Raise ValueError for an argument that is not of this kind.

    The error says what the argument must be, and the type of what it is; never what it holds, which may be
    a secret.
    """
    if not isinstance(value, kind):
        raise ValueError(f"{name} must be {meaning}, not a value of type {type(value).__name__}")


def check_texts(name: str, value: Mapping[str, str], example: str) -> None:
    """Raise ValueError, as `check` does, for an argument that is no mapping of texts to texts."""
    check(name, value, Mapping, f"a mapping such as {example}")
    for each in (*value, *value.values()):
        check(f"each key and value of {name}", each, str, f"a text, as in {example}")
