"""Texts: what users and agents say, with what cannot be seen in it written as code points.

A text is a list of runs. A run is a string, or a pair of the code point and the name of a character that is
invisible or changes the order of others.
"""

import re
import unicodedata
from typing import TypeAlias

Text: TypeAlias = list[str | tuple[str, str]]

#: The maximum number of characters of a text, of its beginning on one line, and of a name.
MAX_TEXT = 4_000
MAX_PREVIEW = 160
MAX_NAME = 500

#: The categories of characters that are invisible or change the order of others.
_INVISIBLE = frozenset(("Cc", "Cf", "Cs", "Zl", "Zp", "Zs"))

#: Invisible characters of other categories: joiners, fillers, variation selectors, tags.
_BLANK = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u2800\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufffc"
    "\U00016fe4\U0001d159\U000e0000-\U000e0fff]"
)

#: Joiners between the parts of one emoji: 👩 and 🚀 with a joiner are an astronaut.
_EMOJI = "[\u2190-\u27bf\u2934\u2935\u2b00-\u2bff\U0001f000-\U0001faff]"
_JOINER = re.compile(
    f"((?<={_EMOJI})\ufe0f?\u200d(?={_EMOJI})|(?<={_EMOJI})\ufe0f|(?<=[0-9#*])\ufe0f(?=\u20e3))"
)


def visible(text: str) -> Text:
    """Return a text as runs."""
    runs: Text = []
    for at, part in enumerate(_JOINER.split(text)):  # every second one is a joiner
        unseen = "" if at % 2 else "".join(each for each in set(part) if is_invisible(each))
        pieces = re.split(f"([{re.escape(unseen)}])", part) if unseen else [part]
        for number, piece in enumerate(pieces):
            if number % 2:
                runs.append((f"U+{ord(piece):04X}", unicodedata.name(piece, "control")))
            elif piece and runs and isinstance(runs[-1], str):
                runs[-1] += piece
            elif piece:
                runs.append(piece)
    return runs


def is_invisible(character: str) -> bool:
    """Whether a character is invisible, or changes the order of others; not a space, tab or line break."""
    if character in "\t\n ":
        return False
    return unicodedata.category(character) in _INVISIBLE or _BLANK.match(character) is not None


def shortened(text: str) -> tuple[Text, int]:
    """Return a text with its line breaks, cut where it is long, and the number of characters left out."""
    kept = text[:MAX_TEXT].replace("\r\n", "\n").replace("\r", "\n")
    return visible(kept), max(0, len(text) - MAX_TEXT)


def preview(text: str) -> Text:
    """Return the beginning of a text, on one line."""
    line = " ".join(text[:1_000].split())
    return visible(line if len(line) <= MAX_PREVIEW else f"{line[:MAX_PREVIEW]}…")


def name(text: str) -> Text:
    """Return a name, such as that of a user or a file."""
    return visible(text if len(text) <= MAX_NAME else f"{text[:MAX_NAME]}…")


def plain(text: str) -> str:
    """Return a name for where there can be no runs, such as an option."""
    return "".join(run if isinstance(run, str) else run[0] for run in name(text))


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, such as "1,000 messages"."""
    return f"{count:,} {noun if count == 1 else noun + 's'}"


_UNITS = ((10**3, "kB"), (10**6, "MB"), (10**9, "GB"))


def size(number: int) -> str:
    """Return a number of bytes, such as "18.2 kB"."""
    if number < 1_000:
        return counted(number, "byte")
    factor, unit = next(((f, u) for f, u in _UNITS if number < 1_000 * f), _UNITS[-1])
    return f"{number / factor:,.1f} {unit}"
