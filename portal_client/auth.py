"""The sources of tokens: an environment variable, a file, the system's keyring, an OAuth2 server."""

from __future__ import annotations

from portal_client.credential import AccessToken as AccessToken
from portal_client.oauth2 import OAuth2Password as OAuth2Password
from portal_client.references import EnvToken as EnvToken
from portal_client.references import FileToken as FileToken
from portal_client.references import KeyringToken as KeyringToken
from portal_client.token_endpoint import TokenResponse as TokenResponse
