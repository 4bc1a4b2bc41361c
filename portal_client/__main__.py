"""The command: `python -m portal_client`."""

import sys

from portal_client.cli import main

if __name__ == "__main__":
    sys.exit(main())
