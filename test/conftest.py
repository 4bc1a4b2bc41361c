"""No setting of the machine may reach a test."""

from __future__ import annotations

import os

for name in list(os.environ):
    if name.upper().endswith("_PROXY") or name.startswith(("PORTAL_", "FBN_", "BEARER_TOKEN")):
        del os.environ[name]
for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
    os.environ.pop(name, None)
