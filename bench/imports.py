"""The cost of an import, and of a new interpreter up to its first response."""

from __future__ import annotations

from bench.contestants import Floor, Generated, Httpx, PortalClient, Requests
from bench.harness import FLOOR, OURS, AtMost, Row, Script, Within

_OF_MODELS = """
from pydantic import TypeAdapter
from portal_client.models.session import Session
validate = TypeAdapter(Session).validator.validate_json
"""
_HEADERS = 'headers={"Accept": "application/json", "Authorization": "Bearer token"}'
_ONE_MODEL = """
import urllib3
from pydantic import BaseModel
class Model(BaseModel):
    id: str
"""
_TYPED = """
api = SessionsApi(ApiClient(Configuration(host="{host}", access_token="token")))
api.get_session("s1")
"""

ROWS = [
    Row(
        "import",
        "import",
        {
            OURS: Script("import portal_client", PortalClient.libraries),
            "SessionsApi": Script("from portal_client import SessionsApi", PortalClient.libraries),
            FLOOR: Script("import urllib3, pydantic", Floor.libraries),
            "generated": Script("import generated_client", Generated.libraries, Generated.prepare),
            "httpx": Script("import httpx, pydantic", Httpx.libraries),
            "requests": Script("import requests, pydantic", Requests.libraries),
        },
        [Within(0.010)],
        rounds=9,
        note="Nothing is loaded before it is used; what `from portal_client import SessionsApi` takes stands "
        "further below.",
    ),
    Row(
        "first_answer",
        "import to first response",
        {
            OURS: Script(
                "from portal_client import ApiClient, Configuration, SessionsApi" + _TYPED,
                PortalClient.libraries,
            ),
            FLOOR: Script(
                f"import urllib3\n{_OF_MODELS}\n"
                f"validate(urllib3.PoolManager().request('GET', '{{host}}/sessions/s1', {_HEADERS}).data)",
                Floor.libraries,
            ),
            "urllib3, pydantic and one model, no call": Script(_ONE_MODEL, Floor.libraries),
            "generated": Script(
                "from generated_client import ApiClient, Configuration, SessionsApi" + _TYPED,
                Generated.libraries,
                Generated.prepare,
            ),
            "httpx": Script(
                f"import httpx\n{_OF_MODELS}\n"
                f"validate(httpx.Client().get('{{host}}/sessions/s1', {_HEADERS}).content)",
                Httpx.libraries,
            ),
            "requests": Script(
                f"import requests\n{_OF_MODELS}\n"
                f"validate(requests.get('{{host}}/sessions/s1', {_HEADERS}).content)",
                Requests.libraries,
            ),
        },
        [AtMost(0.5, "generated")],
        rounds=9,
    ),
]
