"""Compare the coverage of each package with its limit, lines and branches apart.

It reads the coverage.json of `make coverage`; coverage's own limit is one for all of them together.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path

LOWEST = 95.0
KINDS = {"lines": ("covered_lines", "num_statements"), "branches": ("covered_branches", "num_branches")}


def main() -> None:
    """Print a line for each package; exit with 1 where one has too little."""
    packages: dict[str, Counter[str]] = {}
    for file, measured in json.loads(Path("coverage.json").read_text("utf-8"))["files"].items():
        counts = packages.setdefault(Path(file).parts[0], Counter())
        counts.update({name: measured["summary"][name] for kind in KINDS.values() for name in kind})
    shares = {
        package: {kind: 100 * counts[run] / counts[all_] for kind, (run, all_) in KINDS.items()}
        for package, counts in sorted(packages.items())
    }
    for package, each in shares.items():
        print(f"{package:18}" + "".join(f"{share:7.2f} % of {kind}" for kind, share in each.items()))
    if min(share for each in shares.values() for share in each.values()) < LOWEST:
        sys.exit(f"Each package needs {LOWEST:g} % of both; `coverage report -m` lists what is missing.")


if __name__ == "__main__":
    main()
