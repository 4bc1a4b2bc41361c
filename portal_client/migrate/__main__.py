"""The command: `python -m portal_client.migrate`."""

import sys

if __name__ == "__main__":
    # No module is to come from the folder of the scripts, unless these packages do themselves.
    if not sys.flags.safe_path:
        sys.path.append(sys.path.pop(0))
    from portal_client.migrate.command import run

    sys.exit(run())
