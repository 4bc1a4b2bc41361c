"""A script for each check that it fires on, and the mended one."""

from __future__ import annotations

from typing import NamedTuple

#: What each script begins with. Of `None` nothing comes before.
PORTAL = """\
from portal_client import ApiClient, ApiException, Configuration, SessionsApi
configuration = Configuration(host="http://localhost", access_token="BEARER")
client = ApiClient(configuration)
api = SessionsApi(client)
"""
CANDELA = """\
from finbourne_candela import SessionsApi, SyncApiClientFactory
factory = SyncApiClientFactory()
api = factory.build(SessionsApi)
"""
PLAIN = ""


class Pair(NamedTuple):
    """What a check finds, and what it does not find once it is mended."""

    check: str
    start: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.check}: {self.before.splitlines()[-1].strip()}"


A_SESSION = 'api.get_session("session_id_example"'
GET = f"{A_SESSION})"
GROUPED = "api.get_grouped_sessions().time_to_sessions"
TRY = f"try:\n    {GET}\nexcept ApiException as e:\n    "
HI = 'api.create_session("agent_id_example", "Hi"'
OPTIONS = "from finbourne_candela.extensions.configuration_options import ConfigurationOptions\n"
REST = '"http://localhost", "ann", "p", "c", "s"'
LOADER = "from finbourne_candela import ArgsConfigurationLoader\n"
TOKEN = """\
from finbourne_candela.extensions.file_access_token import FileAccessToken
open("token.txt", "w").write("a token")
token = FileAccessToken("token.txt")
"""
MODELS = "from finbourne_candela.models import *\n"
LOOK = 'api.session_exists("scope_example", "identifier_example"'
READ = 'api.get_session_with_http_info("scope_example", "identifier_example"'
UNION = """\
import asyncio
async def main():
    """

#: Scripts that fail here, and those that do not.
ERRORS = [
    # names
    Pair(
        "absent-name",
        PLAIN,
        "from portal_client.api.alerts_api import AlertsApi",
        "from portal_client.api.agents_api import AgentsApi",
    ),
    Pair("absent-name", PLAIN, "import portal_client.api.test_api", "import portal_client.api.agents_api"),
    Pair("absent-name", PORTAL, 'client.call_api("GET", "http://localhost/")', GET),
    Pair("absent-name", PORTAL, "client.param_serialize", "client.sanitize_for_serialization"),
    Pair("absent-name", PORTAL, 'api.get_sesion("session_id_example")', GET),
    Pair("absent-name", PLAIN, "import finbourne_candela.rest", "import finbourne_candela.exceptions"),
    Pair(
        "absent-name",
        PLAIN,
        "from finbourne_candela import ApiClientFactory",
        "from finbourne_candela import SyncApiClientFactory",
    ),
    Pair("absent-name", CANDELA, "api.api_client.last_response", f"{READ}).status_code"),
    # calls
    Pair("refused-argument", PORTAL, f"{A_SESSION}, 5)", f"{A_SESSION}, _request_timeout=(5, 5))"),
    Pair(
        "refused-argument",
        PORTAL,
        'api.create_session("agent_id_example", "Hi", agent_id="agent_id_example")',
        'api.create_session("agent_id_example", text_prompt="Hi")',
    ),
    Pair(
        "refused-argument",
        PORTAL,
        f"{A_SESSION}, request_timeout=(5, 5))",
        f"{A_SESSION}, _request_timeout=(5, 5))",
    ),
    Pair("refused-argument", CANDELA, f"{LOOK}, versoin='1.0.0')", f"{LOOK}, version='1.0.0')"),
    Pair(
        "refused-argument",
        PORTAL,
        'api.create_session("agent_id_example")',
        'api.create_session("agent_id_example", "Hi")',
    ),
    Pair(
        "refused-argument",
        PORTAL,
        'api.create_session("agent_id_example", 5)',
        'api.create_session("agent_id_example", "5")',
    ),
    Pair(
        "refused-argument",
        f"{PORTAL}from portal_client import BusinessApi\n",
        'BusinessApi(client).create_business({"name": 5, "description": "Anvils"})',
        'BusinessApi(client).create_business({"name": "Acme", "description": "Anvils"})',
    ),
    Pair("id-that-calls-another-url", PORTAL, 'api.get_session("..")', GET),
    Pair("id-that-calls-another-url", PORTAL, 'name = ""\napi.get_session(name)', GET),
    Pair("refused-option", PORTAL, f"{A_SESSION}, _request_timeout=0)", GET),
    Pair("refused-option", PORTAL, f"{A_SESSION}, _request_timeout=(3, -1))", GET),
    Pair("refused-option", PORTAL, f"{A_SESSION}, _request_timeout=True)", GET),
    Pair("refused-option", PORTAL, f'{A_SESSION}, _content_type="application/json")', GET),
    Pair(
        "refused-option",
        PORTAL,
        'api.create_session("agent_id_example", "Hi", _content_type="application/json")',
        'api.create_session("agent_id_example", "Hi", _content_type="multipart/form-data")',
    ),
    Pair(
        "refused-option",
        PORTAL,
        f'{A_SESSION}, _headers={{"X-A": b"1"}})',
        f'{A_SESSION}, _headers={{"X-A": "1"}})',
    ),
    Pair("refused-option", PORTAL, f'{A_SESSION}, _headers={{"Content-Length": "1"}})', GET),
    Pair("refused-option", PORTAL, f'{A_SESSION}, _headers={{"X-A": "a\\nb"}})', GET),
    Pair("refused-option", CANDELA, f"{LOOK}, _request_timeout=0)", f"{LOOK})"),
    Pair(
        "refused-argument",
        PORTAL + 'open("a.txt", "w").close()\nopen("b.txt", "w").close()\n',
        'api.create_session("agent_id_example", "Hi", ("a.txt", "b.txt"))',
        'api.create_session("agent_id_example", "Hi", ["a.txt", "b.txt"])',
    ),
    # settings
    Pair(
        "unknown-setting",
        PLAIN,
        "from portal_client import Configuration\nConfiguration(hots='http://localhost')",
        "from portal_client import Configuration\nConfiguration(host='http://localhost')",
    ),
    Pair(
        "refused-setting", PORTAL, 'Configuration("127.0.0.1:8000")', 'Configuration("http://127.0.0.1:8000")'
    ),
    Pair(
        "refused-setting",
        PORTAL,
        'configuration.host = "localhost:8000"',
        'configuration.host = "http://localhost:8000"',
    ),
    Pair(
        "refused-setting",
        PORTAL,
        'Configuration("http://ann:secret@localhost")',
        'Configuration("http://localhost")',
    ),
    Pair("refused-setting", PORTAL, "configuration.retries = -1", "configuration.retries = False"),
    Pair(
        "refused-setting", PORTAL, 'configuration.access_token = "a\\nb"', 'configuration.access_token = "ab"'
    ),
    # models
    Pair("item-of-a-model", PORTAL, f"{GET}['id']", f"{GET}.id"),
    Pair(
        "item-of-a-model",
        PORTAL,
        f"for message in {GET}.messages:\n    message['text']",
        f"for message in {GET}.messages:\n    message.text",
    ),
    Pair("item-of-a-model", PORTAL, f'{GROUPED}["Today"][0]["id"]', f'{GROUPED}["Today"][0].id'),
    Pair(
        "item-of-a-model",
        PORTAL,
        f"for sessions in {GROUPED}.values():\n    [each.get('id') for each in sessions]",
        f"for sessions in {GROUPED}.values():\n    [each.id for each in sessions]",
    ),
    Pair(
        "refused-field",
        f"{PORTAL}from portal_client import Message\n",
        'Message(text=5, role="user")',
        'Message(text="5", role="user")',
    ),
    Pair(
        "refused-field",
        MODELS,
        'Directive(context_vals={"rate": 5})',
        'Directive(context_vals={"rate": "5"})',
    ),
    Pair(
        "refused-attribute",
        PORTAL,
        f"session = {GET}\nsession.nmae = 'x'",
        f"session = {GET}\nsession.thread_id = 'x'",
    ),
    Pair(
        "required-field",
        MODELS,
        'ObjectId.from_dict({"scope": "s"})',
        'ObjectId.from_dict({"scope": "s", "identifier": "i", "version": None})',
    ),
    Pair(
        "refused-attribute",
        MODELS,
        'one = ObjectId(scope="s", identifier="i", version=None)\none.additional_properties = 5',
        'one = ObjectId(scope="s", identifier="i", version=None)\none.additional_properties = {"a": 5}',
    ),
    # asyncio
    Pair(
        "awaited",
        CANDELA,
        f"{UNION}return await api.list_sessions()\nasyncio.run(main())",
        f"{UNION}return await asyncio.to_thread(api.list_sessions)\nasyncio.run(main())",
    ),
    Pair(
        "awaited",
        CANDELA,
        f"{UNION}await asyncio.gather(api.list_sessions(), {LOOK}))\nasyncio.run(main())",
        f"{UNION}await asyncio.gather(asyncio.to_thread(api.list_sessions))\nasyncio.run(main())",
    ),
    Pair(
        "async-with",
        CANDELA,
        f"{UNION}async with factory:\n        {LOOK})\nasyncio.run(main())",
        f"{UNION}with factory:\n        {LOOK})\nasyncio.run(main())",
    ),
    Pair(
        "undecoded-data",
        CANDELA,
        f"{LOOK}, _preload_content=False)",
        'api.session_exists_with_http_info("scope_example", "identifier_example", _preload_content=False)',
    ),
    # options and tokens
    Pair(
        "refused-client-option",
        OPTIONS,
        "ConfigurationOptions(read_timeout_ms=True)",
        "ConfigurationOptions(read_timeout_ms=1)",
    ),
    Pair(
        "refused-client-option",
        OPTIONS,
        "opts = ConfigurationOptions()\nopts.read_timeout_ms = -1",
        "opts = ConfigurationOptions()\nopts.read_timeout_ms = 0",
    ),
    Pair(
        "refused-client-option",
        "from finbourne_candela.extensions.proxy_config import ProxyConfig\n",
        'ProxyConfig("proxy:8080")',
        'ProxyConfig("http://proxy:8080")',
    ),
    Pair(
        "refused-client-option",
        OPTIONS,
        "opts = ConfigurationOptions()\nopts.total_timeout = 1",
        "opts = ConfigurationOptions()\nopts.read_timeout_ms = 1",
    ),
    Pair(
        "token-url-in-clear",
        LOADER + "from finbourne_candela import SyncApiClientFactory\n",
        f'SyncApiClientFactory([ArgsConfigurationLoader("http://example.com/token", {REST})])',
        f'SyncApiClientFactory([ArgsConfigurationLoader("https://example.com/token", {REST})])',
    ),
]

#: Scripts that behave differently here, and those that do not.
CHANGES = [
    Pair(
        "timeout-of-the-whole-call",
        PORTAL,
        f"{A_SESSION}, _request_timeout=5 * 60)",
        f"{A_SESSION}, _request_timeout=(10, 300))",
    ),
    Pair("timeout-of-none", PORTAL, f"{A_SESSION}, _request_timeout=None)", GET),
    Pair("misspelt-setting", PORTAL, "configuration.verfy_ssl = False", "configuration.verify_ssl = False"),
    Pair(
        "empty-token",
        PORTAL,
        'Configuration("http://localhost", access_token="")',
        'Configuration("http://localhost")',
    ),
    Pair(
        "empty-token",
        PORTAL + "import os\n",
        'configuration.access_token = os.environ.get("NO_SUCH", "")',
        'configuration.access_token = os.environ.get("NO_SUCH")',
    ),
    Pair("retries-of-urllib3", PORTAL, "configuration.retries = 5", "configuration.retries = False"),
    Pair(
        "retries-of-urllib3",
        PORTAL + "import urllib3\n",
        "configuration.retries = urllib3.Retry(3)",
        'configuration.retries = urllib3.Retry(3, allowed_methods=["GET"])',
    ),
    Pair("debug-output", PORTAL, "configuration.debug = True", "configuration.debug = False"),
    Pair(
        "setting-without-effect",
        PORTAL,
        'configuration.temp_folder_path = "/tmp"',
        "configuration.verify_ssl = True",
    ),
    Pair(
        "setting-without-effect",
        PORTAL,
        "configuration.client_side_validation = False",
        "configuration.proxy = None",
    ),
    Pair(
        "server-of-the-contract",
        PORTAL,
        "configuration.server_index = 0",
        'configuration.host = "http://localhost"',
    ),
    Pair(
        "errors-of-other-libraries",
        PORTAL + "import urllib3\n",
        f"try:\n    {GET}\nexcept urllib3.exceptions.MaxRetryError:\n    pass",
        f"try:\n    {GET}\nexcept ApiException:\n    pass",
    ),
    Pair("text-of-an-error", PORTAL, f'{TRY}"(404)" in str(e)', f"{TRY}e.status == 404"),
    Pair("text-of-an-error", PORTAL, f"{TRY}str(e).startswith('(404)')", f"{TRY}e.status"),
    Pair("result-of-none", PORTAL, f"session = {GET}\nsession is None", f"session = {GET}\nsession.id"),
    Pair(
        "result-of-none",
        PORTAL,
        f"session = {GET}\nif session != None:\n    pass",
        f"session = {GET}\nif session.messages:\n    pass",
    ),
    Pair("result-of-none", PORTAL, f"if not {GET}:\n    pass", f"if not {GET}.messages:\n    pass"),
    Pair(
        "field-that-may-be-absent",
        PORTAL + "from portal_client import Session\n",
        f"found = {GET}.to_dict()\nif False:\n    found['routine_id']",
        f"found = {GET}.to_dict()\nif False:\n    found.get('routine_id')",
    ),
    Pair(
        "unknown-field",
        MODELS,
        'SubmitPrompt(prompt="Hi", session_id="s", scop="default")',
        'SubmitPrompt(prompt="Hi", session_id="s", scope="default")',
    ),
    Pair(
        "unknown-field",
        CANDELA + "if False:\n    ",
        'api.submit_prompt_to_agent({"prompt": "Hi", "session_id": "s", "scop": "default"})',
        'api.submit_prompt_to_agent({"prompt": "Hi", "session_id": "s", "scope": "default"})',
    ),
    Pair(
        "unknown-field",
        "from portal_client import Message\n",
        'Message(text="Hi", role="user", colour="red")',
        'Message(text="Hi", role="user")',
    ),
    Pair("bytes-of-a-body", CANDELA, f"{READ}).raw_data", f"{READ}, _preload_content=False).raw_data"),
    Pair(
        "error-of-arguments",
        CANDELA + "from finbourne_candela import ApiTypeError\nfrom pydantic import ValidationError\n",
        f"try:\n    {LOOK})\nexcept ApiTypeError:\n    pass",
        f"try:\n    {LOOK})\nexcept ValidationError:\n    pass",
    ),
    Pair(
        "total-of-a-call",
        OPTIONS,
        "ConfigurationOptions(total_timeout_ms=30_000)",
        "ConfigurationOptions(read_timeout_ms=30_000)",
    ),
    Pair(
        "total-of-a-call",
        OPTIONS,
        "opts = ConfigurationOptions()\nopts.total_timeout_ms = 30_000",
        "opts = ConfigurationOptions()\nopts.total_timeout_ms = 0",
    ),
    Pair(
        "error-of-pydantic-1",
        CANDELA + "from pydantic import ValidationError\n" + "import pydantic.v1 as pydantic1\n",
        f"try:\n    {LOOK})\nexcept pydantic1.ValidationError:\n    pass",
        f"try:\n    {LOOK})\nexcept ValidationError:\n    pass",
    ),
    Pair(
        "method-of-pydantic-1",
        MODELS + "if False:\n    ",
        'ObjectId(scope="s", identifier="i").dict()',
        'ObjectId(scope="s", identifier="i").model_dump()',
    ),
    Pair(
        "text-of-a-model",
        MODELS,
        'str(ObjectId(scope="s", identifier="i"))',
        'ObjectId(scope="s", identifier="i").to_str()',
    ),
    Pair(
        "text-of-a-model",
        MODELS,
        "f\"{ObjectId(scope='s', identifier='i')}\"",
        'ObjectId(scope="s", identifier="i").to_str()',
    ),
    Pair(
        "null-that-is-not-sent",
        MODELS,
        'ObjectId.from_dict({"scope": "s", "identifier": "i"})',
        'ObjectId.from_dict({"scope": "s", "identifier": "i", "version": None})',
    ),
    Pair(
        "empty-setting",
        LOADER,
        'ArgsConfigurationLoader(username="")',
        "ArgsConfigurationLoader(username=None)",
    ),
    Pair("token-that-is-shown", TOKEN, "repr(token)", "str(token)"),
]

#: Scripts of which something works better here, and those without it.
NOTES = [
    Pair(
        "sent-once",
        PORTAL,
        'api.update_session("session_id_example", "Go on.")',
        GET,
    ),
    Pair("closed-at-the-end", PORTAL, "with ApiClient(configuration):\n    pass", "ApiClient(configuration)"),
    Pair("sent-once", CANDELA, "api.stop_session() if False else None", f"{LOOK})"),
    Pair(
        "printed-model",
        MODELS,
        'print(ObjectId(scope="s", identifier="i", version=None))',
        'print(ObjectId(scope="s", identifier="i", version=None).to_str())',
    ),
]
