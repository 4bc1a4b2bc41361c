"""What a script's names are known to be: the lines that end in `# !` have a finding, and no others."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

import portal_client
from portal_client import migrate
from portal_client.migrate.finding import Finding, Severity
from portal_client.migrate.review import review
from portal_client.migrate.script import read
from support.markdown import Page
from support.scripts import script_of

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT.parent / "shared" / "seeds"


def findings(script: str) -> list[Finding]:
    return [each for each in review(script_of(script)) if each.severity is not Severity.NOTE]


FOLLOWED = {
    "a package under another name": """
        import portal_client as p
        api = p.SessionsApi(p.ApiClient(p.Configuration("http://localhost")))
        api.get_session("..")  # !
        """,
    "a class under another name": """
        from portal_client import SessionsApi as S
        S().get_session("..")  # !
        """,
    "a class of a submodule": """
        import portal_client.api.sessions_api
        portal_client.api.sessions_api.SessionsApi().get_session("..")  # !
        """,
    "all names of a package": """
        from portal_client import *
        SessionsApi().get_session("..")  # !
        """,
    "an import within a function": """
        def main():
            from portal_client import SessionsApi
            SessionsApi().get_session("..")  # !
        """,
    "a client as a context manager": """
        from portal_client import ApiClient, SessionsApi
        with ApiClient() as client:
            client.call_api("GET", "/")  # !
            SessionsApi(client).get_session("..")  # !
        """,
    "a method that is held": """
        from portal_client import SessionsApi
        get = SessionsApi().get_session
        get("..")  # !
        """,
    "a loop over what a call returns": """
        from portal_client import SessionsApi
        for session in SessionsApi().get_sessions("a").sessions:
            session["id"]  # !
            [message["text"] for message in session.messages]  # !
        """,
    "a lambda": """
        from portal_client import SessionsApi
        ask = lambda: SessionsApi().get_session("..")  # !
        """,
    "a value in a variable": """
        from portal_client import SessionsApi
        LIMIT = 0
        options = {"X-A": b"1"}  # !
        SessionsApi().get_session("s1", _request_timeout=LIMIT)  # !
        SessionsApi().get_session("s1", _headers=options)
        """,
    "a call in a thread": """
        import asyncio
        from finbourne_candela import SessionsApi
        async def main(api: SessionsApi):
            await asyncio.to_thread(api.get_session, "s")  # !
            await asyncio.to_thread(api.get_session, "s", "i")
        """,
    "a factory of the original": """
        from finbourne_candela import ApiClientFactory, SessionsApi  # !
        async def main():
            async with ApiClientFactory() as factory:  # !
                await factory.build(SessionsApi).list_sessions()  # !
        """,
    "an import that is not caught": """
        try:
            from portal_client.api.alerts_api import AlertsApi  # !
        except ValueError:
            pass
        """,
    "each argument of its own": """
        from portal_client import SessionsApi
        SessionsApi().create_session(
            5,  # !
            "Hi",
            _request_timeout=-1,  # !
        )
        """,
    "both branches": """
        import sys
        from portal_client import ApiClient, SessionsApi
        if sys.argv:
            api = SessionsApi(ApiClient())
        else:
            api = SessionsApi()
        api.get_session("..")  # !
        """,
    "a parameter by its annotation": """
        from typing import Optional
        import portal_client
        def ask(api: portal_client.SessionsApi, other: Optional[portal_client.SessionsApi], third: object):
            api.get_session("..")  # !
            other.get_session("..")  # !
            third.get_session("..")
        """,
    "a variable by its annotation": """
        from portal_client import SessionsApi
        def ask():
            api: SessionsApi | None = None
            api.get_session("..")  # !
        """,
    "a global name that is set once": """
        from portal_client import SessionsApi
        def ask():
            api.get_session("..")  # !
        api = SessionsApi()
        ask()
        """,
    "an attribute that a class of the script sets once": """
        from portal_client import SessionsApi
        class Bot:
            def __init__(self):
                self.api = SessionsApi()
            def ask(self):
                self.api.get_session("..")  # !
        """,
    "a name that is set again": """
        from portal_client import AgentsApi, SessionsApi
        if __name__ == "__main__":
            api = AgentsApi()
            api.get_agent("..")  # !
            api = SessionsApi()
            api.get_session("..")  # !
        """,
    "a name that only the block of a try sets": """
        from portal_client import SessionsApi
        try:
            api = SessionsApi()
        except OSError:
            raise SystemExit from None
        api.get_session("..")  # !
        """,
    "a loop over the same name as before": """
        from portal_client import SessionsApi
        for session in SessionsApi().get_sessions("a").sessions:
            session["id"]  # !
        for session in SessionsApi().get_sessions("b").sessions:
            session["id"]  # !
        """,
    "a model beside what is left open": """
        from typing import Any, Union
        from portal_client import SessionsApi
        groups = SessionsApi().get_grouped_sessions()
        groups.time_to_sessions["Today"][0]["id"]  # !
        groups.time_to_sessions["Today"][0].get("id")  # !
        groups.time_to_sessions.get("Today", [])[0]["id"]  # !
        for name, sessions in groups.time_to_sessions.items():
            [session["id"] for session in sessions]  # !
        for sessions in (groups.time_to_sessions or {}).values():
            for session in sessions:
                print(session["id"])  # !
                print(session.id)
        for name in groups.time_to_sessions:
            for each in groups.time_to_sessions[name]:
                each["id"]  # !
        first, second = groups.time_to_sessions["Today"]
        second["id"]  # !
        """,
    "each header by itself": """
        import sys
        from portal_client import SessionsApi
        SessionsApi().get_session(
            "s1",
            _headers={
                "X-A": sys.argv[1],
                "X-B": b"1",  # !
            },
        )
        """,
    "a product": """
        from portal_client import SessionsApi
        SessionsApi().get_session("s1", _request_timeout=-1 * 60)  # !
        """,
    "a dict that is read once": """
        from portal_client import BusinessApi
        business = {"name": 5, "description": "Anvils"}  # !
        BusinessApi().create_business(business)
        """,
}


@pytest.mark.parametrize("script", FOLLOWED.values(), ids=[*FOLLOWED])
def test_names_are_followed(script: str) -> None:
    expected = [n for n, line in enumerate(script.splitlines(), 1) if line.endswith("# !")]

    assert expected
    assert sorted({each.place.line for each in findings(script)}) == expected


NOT_GUESSED = {
    "other libraries": """
        import requests, urllib3
        session = requests.Session()
        try:
            session.get("http://localhost", timeout=0).json()["id"]
        except urllib3.exceptions.HTTPError as e:
            print("(404)" in str(e))
        """,
    "an object that is not known": """
        import portal_client
        from mine import api, client
        api.get_session("..", _request_timeout=0)
        client.call_api("/")
        """,
    "a name that is set again": """
        from portal_client import SessionsApi
        api = SessionsApi()
        api = object()
        api.get_session("..")
        """,
    "a name that may be another": """
        import sys
        from portal_client import SessionsApi
        api = SessionsApi()
        if sys.argv:
            api = object()
        api.get_session("..")
        """,
    "a name that the other branch sets": """
        import sys
        from portal_client import SessionsApi
        api = SessionsApi()
        if sys.argv:
            print(api)
        else:
            api = object()
        api.get_session("..")
        """,
    "a name that a loop sets": """
        from portal_client import SessionsApi
        api = SessionsApi()
        for each in range(2):
            api.get_session("..") if each else None
            api = object()
        """,
    "a name that is matched": """
        from portal_client import SessionsApi
        api = SessionsApi()
        match object():
            case {"api": api}:
                api.get_session("..")
            case [*api]:
                api.get_session("..")
        """,
    "a name of a branch that is closed over": """
        from portal_client import SessionsApi
        api = SessionsApi()
        def ask():
            api.get_session("..")
        api = object()
        ask()
        """,
    "a name that is closed over before it is set again": """
        from portal_client import SessionsApi
        api = object()
        def ask():
            api.get_session("..")
        ask()
        api = SessionsApi()
        """,
    "what a decorated function returns": """
        from portal_client import SessionsApi
        from mine import wrapped
        @wrapped
        def connect():
            return SessionsApi()
        connect().get_session("..")
        """,
    "a parameter of several kinds": """
        from portal_client import SessionsApi
        def ask(api):
            api.get_session("..")
        ask(object())
        ask(SessionsApi())
        """,
    "a dict that its own method fills": """
        from finbourne_candela.models import ObjectId
        fields = {}
        fields.update(scope="s", identifier="i", version=None)
        ObjectId.from_dict(fields)
        class Bot:
            def __init__(self):
                self.fields = {}
                self.fields.update(scope="s", identifier="i", version=None)
            def make(self):
                return ObjectId.from_dict(self.fields)
        """,
    "a parameter with several arguments": """
        from portal_client import SessionsApi
        def ask(api, name=".."):
            api.get_session(name)
        ask(SessionsApi())
        ask(SessionsApi(), "s1")
        """,
    "a parameter that others may fill": """
        import threading
        from portal_client import SessionsApi
        def ask(api):
            api.get_session("..")
        ask(SessionsApi())
        threading.Thread(target=ask, args=(object(),))
        """,
    "a parameter of a decorated function": """
        import pytest
        from portal_client import SessionsApi
        @pytest.fixture
        def api():
            return SessionsApi()
        def test(api):
            api.get_session("..")
        """,
    "arguments that are unpacked": """
        from portal_client import SessionsApi
        def ask(*args, **options):
            SessionsApi().create_session(*args)
            SessionsApi().create_session("a", **options)
        """,
    "data of a model that are written": """
        from portal_client import SessionsApi
        found = SessionsApi().get_session("s1").to_dict()
        found["routine_id"] = "r1"
        """,
    "a dict beside what is left open": """
        from portal_client import SessionsApi
        groups = SessionsApi().get_grouped_sessions()
        groups.time_to_sessions["Today"][0].id
        groups.time_to_sessions.get("Today", []).copy()
        groups.to_dict()["time_to_sessions"]["Today"][0]["id"]
        for name, sessions, other in groups.time_to_sessions.items():
            sessions["id"]
        for name in groups.time_to_sessions.keys() or groups.time_to_sessions:
            name["id"]
        (groups.time_to_sessions and {})["Today"][0]["id"]
        for name in groups.time_to_sessions:
            name[0]["id"]
        first, second = groups.time_to_sessions
        first[0]["id"]
        """,
    "a key among the items of a dict": """
        from finbourne_candela import CircuitDTO
        def named(circuit: CircuitDTO):
            for pair in circuit.nodes.items():
                pair[0].upper()
        """,
    "a submodule by its path": """
        import portal_client.api.sessions_api
        import portal_client.models.session as of_session
        portal_client.api.sessions_api.SessionsApi().get_session("s1")
        of_session.Session
        """,
    "a call in a thread of its own": """
        from finbourne_candela import CircuitsApi
        CircuitsApi().get_circuit("s", "i", async_req=True)["nodes"]
        """,
    "a dict that grows": """
        from portal_client import BusinessApi
        from finbourne_candela.models import ObjectId
        fields = {}
        fields["scope"] = "s"
        fields.update(identifier="i", version=None)
        ObjectId.from_dict(fields)
        headers = {"X-A": b"1"}
        headers["X-A"] = "1"
        BusinessApi().get_business(_headers=headers)
        """,
    "a dict that a function fills": """
        from finbourne_candela.models import ObjectId
        def fill(fields):
            fields.update(scope="s", identifier="i", version=None)
        fields = {}
        fill(fields)
        ObjectId.from_dict(fields)
        """,
    "a class that narrows": """
        from portal_client import SessionsApi, Session
        found = SessionsApi().get_session("s1")
        if isinstance(found, dict):
            found["id"]
        if hasattr(found, "shape"):
            found.shape
        """,
    "an import that may fail": """
        try:
            from portal_client.api.alerts_api import AlertsApi
        except ImportError:
            AlertsApi = None
        try:
            import portal_client.api.test_api
        except Exception:
            pass
        """,
    "an attribute that may be missing": """
        from portal_client import ApiClient
        try:
            ApiClient().call_api
        except AttributeError:
            pass
        """,
    "a module of the script's own": """
        from . import portal_client
        from .portal_client import SessionsApi
        SessionsApi().get_session("..")
        """,
    "attributes that responses may have": """
        import portal_client
        from portal_client import SessionsApi
        session = SessionsApi().get_session("s1")
        session.title
        session.model_extra["title"]
        session.status.value
        session.__fields__
        type(session).__fields__
        portal_client.Session.__fields__
        """,
    "an except clause around other calls": """
        import portal_client, urllib3
        try:
            urllib3.request("GET", "http://localhost")
        except urllib3.exceptions.HTTPError:
            pass
        """,
    "values that are not written out": """
        import sys
        from portal_client import Configuration, SessionsApi
        Configuration(host=sys.argv[1], access_token=sys.argv[2])
        SessionsApi().get_session(sys.argv[3], _request_timeout=(float(sys.argv[4]), 5))
        """,
    "a name that is deleted": """
        from portal_client import SessionsApi
        api = SessionsApi()
        del api
        api = __import__("mine").api
        api.get_session("..")
        """,
    "a name that only one branch sets": """
        import sys
        from portal_client import SessionsApi
        if sys.argv:
            api = SessionsApi()
        else:
            api.get_session("..")
        """,
    "a name that a loop sets in several branches": """
        from mine import Other
        from portal_client import SessionsApi
        for first in (True, False):
            if first:
                api = SessionsApi()
            api.get_session("..")
            api = Other()
        """,
    "a loop that may have no round": """
        from portal_client import Configuration, SessionsApi
        session = object()
        for session in SessionsApi().get_sessions("a").sessions:
            pass
        session["id"]
        """,
    "a global name that a function sets": """
        from portal_client import SessionsApi
        api = SessionsApi()
        def start(other):
            global api
            api = other
        api.get_session("..")
        """,
    "an attribute that is set twice": """
        from portal_client import SessionsApi
        class Bot:
            def __init__(self):
                self.api = SessionsApi()
            def ask(self):
                self.api.get_session("..")
        bot = Bot()
        bot.api = object()
        """,
    "an attribute that a script adds": """
        from portal_client import ApiClient
        ApiClient.call_api = lambda self, method, url: None
        ApiClient().call_api("GET", "/")
        """,
    "what a comprehension names": """
        from portal_client import SessionsApi
        api = SessionsApi()
        [api.get_session("..") for api in (1, 2)]
        """,
    "a name that is set within an expression": """
        from portal_client import SessionsApi
        api = SessionsApi()
        if (api := object()):
            api.get_session("..")
        """,
    "several annotations": """
        from portal_client import AgentsApi, SessionsApi
        def ask(api: SessionsApi | AgentsApi, *apis: SessionsApi):
            api.get_session("..")
            apis.get_session("..")
        """,
    "an except clause around other calls, too": """
        import requests, urllib3
        from portal_client import SessionsApi
        session = requests.Session()
        try:
            requests.get("http://localhost")
            SessionsApi().get_session("s1")
        except requests.RequestException:
            pass
        try:
            session.get("http://localhost")
            SessionsApi().get_session("s1")
        except requests.RequestException:
            pass
        """,
    "settings that are not written out": """
        import sys
        from mine import options, retries
        from portal_client import Configuration
        from finbourne_candela.extensions.configuration_options import ConfigurationOptions
        configuration = Configuration("http://localhost", retries=retries, access_token=options.token)
        configuration.debug = options.debug
        configuration.retries = retries()
        ConfigurationOptions(total_timeout_ms=options.total)
        """,
    "an except clause around a function": """
        import portal_client, urllib3
        def main():
            urllib3.request("GET", "http://localhost")
        try:
            main()
        except urllib3.exceptions.HTTPError:
            pass
        except portal_client:
            pass
        """,
    "keys that are unpacked": """
        from portal_client import SessionsApi
        one, other = {"a": "..", "b": ".."}
        zero, first = {0: "..", 1: ".."}
        SessionsApi().get_session(other)
        SessionsApi().get_session(first)
        """,
    "a file that is named by its path": """
        from portal_client import SessionsApi
        SessionsApi().create_session("a", "Hi", ["no-such-file.csv"])
        SessionsApi().create_session("a", "Hi", "no-such-file.csv")
        """,
}


@pytest.mark.parametrize("script", NOT_GUESSED.values(), ids=[*NOT_GUESSED])
def test_nothing_is_guessed(script: str) -> None:
    assert findings(script) == []


def test_a_module_whose_libraries_are_not_installed_is_not_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "extra.py").write_text("import no_such_library", "utf-8")
    for package in (portal_client, migrate):
        monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])

    assert findings("import portal_client.extra\nportal_client.extra.name") == []
    assert findings("from portal_client.migrate import extra\nextra.name") == []
    assert findings("import portal_client.other")[0].check == "absent-name"


def test_scripts_of_other_libraries_have_no_notes_either() -> None:
    assert review(script_of(NOT_GUESSED["other libraries"])) == []


NOTES = """
from pydantic import StrictStr
from typing_extensions import Unpack
from portal_client.endpoint import Api, RequestOptions, endpoint

class NotesApi(Api):
    @endpoint("GET", "/notes/{note_id}")
    def get_note(self, note_id: StrictStr, **options: Unpack[RequestOptions]) -> str: ...
"""


def test_a_new_operation_is_known_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("portal_client.api.notes_api")
    monkeypatch.setitem(sys.modules, module.__name__, module)
    exec(NOTES, vars(module))

    script = """
        from portal_client.api.notes_api import NotesApi
        NotesApi().get_note("n1", _request_timeout=(3, 60))
        NotesApi().get_note("..")
        NotesApi().get_note(note="n1")
        NotesApi().get_notes()
        """
    assert [each.check for each in findings(script)] == [
        "id-that-calls-another-url",
        "refused-argument",
        "refused-argument",
        "absent-name",
    ]
    monkeypatch.delattr("portal_client.api.notes_api", raising=False)


# ── scripts that are right ──


PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *SEEDS.glob("*.md")])


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_examples_of_the_documents_have_no_error(path: Path) -> None:
    found = [
        (block.line, each)
        for block in Page(path).blocks()
        for each in review(script_of(block.code, path.name))
        if each.severity is Severity.ERROR
    ]

    assert found == []


TYPED = sorted((ROOT / "test" / "typing").glob("*.py"))


@pytest.mark.parametrize("path", [p for p in TYPED if "refused" not in p.stem], ids=lambda path: path.name)
def test_calls_that_type_checkers_accept_have_no_error(path: Path) -> None:
    refused = {n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1) if "type: ignore" in line}
    found = {each.place.line for each in review(read(str(path))) if each.severity is Severity.ERROR}
    assert found - refused == set()


@pytest.mark.parametrize("name", ["refused", "other_refused", "candela_refused_calls"])
def test_calls_that_type_checkers_refuse_are_errors(name: str) -> None:
    path = ROOT / "test" / "typing" / f"{name}.py"
    lines = path.read_text("utf-8").splitlines()
    wrong = re.compile(r"\s+api\.\w+\((?!unknown)(?!.*, text\)).*# type: ignore\[(?:arg-type|call-arg)")
    expected = {number for number, line in enumerate(lines, 1) if wrong.match(line)}

    found = {each.place.line for each in review(read(str(path))) if each.severity is Severity.ERROR}
    assert len(expected) >= 30
    assert expected - found == set()
