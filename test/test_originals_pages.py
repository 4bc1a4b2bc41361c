"""The examples on the pages of the originals run here as they are printed, against the sandbox.

Those pages are made by openapi-generator beside the client, as the originals' were; `test/support/forms` has
the form that an example had there. Only the settings are others: whose they are, and where the service is.
"""

from __future__ import annotations

import ast
import copy
import json
import logging
import queue
import re
from collections.abc import Callable, Iterator
from logging.handlers import QueueHandler
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pydantic import ValidationError

from bench.generated import Absent, generate
from candela.test_contract import CANDELA
from openapi import operations
from support.markdown import Page
from test_contract import PORTAL

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[1]
FORMS = ROOT / "test" / "support" / "forms"
SEEDS = ROOT.parent / "shared" / "seeds"
CONTRACTS = {"portal": PORTAL, "candela": CANDELA}
PACKAGES = {"portal": "portal_client", "candela": "finbourne_candela"}
DOCS = {"portal": ROOT / "docs", "candela": ROOT / "docs" / "finbourne_candela"}


Run = Callable[..., tuple[str, list[str]]]


class Example(NamedTuple):
    """An operation of a service, the status of its response, and whether it returns something."""

    service: str
    tag: str
    name: str
    status: str
    returns: bool


def _examples() -> Iterator[Example]:
    for service, contract in CONTRACTS.items():
        for *_, operation in operations(contract):
            status, response = next(iter(operation["responses"].items()))
            returns = "content" in response and response.get("x-client-returns") != "none"
            yield Example(service, operation["tags"][0], operation["operationId"], status, returns)


def _id(example: Example) -> str:
    return f"{example.service}-{example.name}"


EXAMPLES = list(_examples())

ID = "ObjectId(scope='scope_example', identifier='identifier_example')"
NAME = "scope='default', identifier='mine'"
START = f"SessionStartRequest(app={ID}, model_cfg={ID})"
CIRCUIT = "CircuitDTO(first='a', nodes={'a': Nodes(NoOpDTO(node_id='a', child_id=None, label='l'))})"
PROMPT = f"SubmitPrompt(prompt='Hi', session_id=api_instance.start_session({START}).obj_id.identifier)"
BUSINESS = "portal_client.CreateBusinessRequest(name='Acme', description='Makes anvils')"
#: These examples construct an empty request, which lacks all that it needs; here it is filled.
FILLED = {
    "create_business": BUSINESS,
    "update_business": f"api_instance.create_business({BUSINESS})",
    "update_playground_agents": (
        "portal_client.PlaygroundUpdateAgentsRequest(agents=api_instance.get_playground_agents().agents)"
    ),
    "create_routine": (
        "portal_client.CreateRoutineRequest("
        "agent_id='agent_id_example', name='n', requirements='How is it?', interval='weekly')"
    ),
    "add_app": f"PostApp({NAME}, data=AppSpec(type='agent', circuit={ID}, directive={ID}))",
    "add_circuit": f"PostCircuit({NAME}, data={CIRCUIT})",
    "add_directive": f"PostDirective({NAME}, data=Directive(identity=['You repeat.']))",
    "add_tool_module": f"PostToolModule({NAME}, data=ToolModule(content='import math'))",
    "start_session": START,
    "start_dev_session": (
        f"DevSessionStartRequest(model_id={ID}, circuit={CIRCUIT}, "
        "directive=Directive(identity=['You repeat.']))"
    ),
    "submit_prompt_to_agent": PROMPT,
    "submit_pipeline_prompt": PROMPT,
}


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Page]]:
    """The pages of the operations, as those of the originals were made, by service."""
    return {service: list(_made(service, tmp_path_factory.mktemp(service))) for service in PACKAGES}


def _made(service: str, folder: Path) -> Iterator[Page]:
    contract = folder / "contract.json"
    contract.write_text(json.dumps(_told(CONTRACTS[service])), "utf-8")
    try:
        generate(contract, folder, PACKAGES[service], "--global-property", "apis", "-t", str(FORMS / service))
    except Absent as reason:
        pytest.skip(str(reason))
    return map(Page, (folder / "docs").glob("*Api.md"))


def _told(contract: dict[str, Any]) -> dict[str, Any]:
    """The contract as it was told to the generator: without responses that the originals do not read."""
    told = copy.deepcopy(contract)
    for *_, operation in operations(told):
        for response in operation["responses"].values():
            if response.get("x-client-returns") == "none":
                del response["content"]
    return told


@pytest.fixture(scope="module")
def examples(pages: dict[str, list[Page]]) -> dict[tuple[str, str], str]:
    """The example of each operation, as the originals' pages print it."""
    return {
        (service, _called(block.code)): block.code
        for service in PACKAGES
        for page in pages[service]
        for block in page.blocks()
    }


def _called(code: str) -> str:
    return re.findall(r"api_instance\.(\w+)\(", code)[-1]


@pytest.fixture(scope="module")
def demo_box() -> Iterator[Any]:
    """A sandbox with the documents' demo data, in which each example of Portal has a user of its own."""
    server = pytest.importorskip("portal_sandbox.server", reason="the sandbox is not installed")
    with server.running(demo_data=True, tokens={each.name: each.name for each in EXAMPLES}) as box:
        yield box


@pytest.fixture
def run(
    demo_box: Any,
    localhost: None,
    examples: dict[tuple[str, str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Run]:
    """Run an example, and return what it prints, and the operation and status of each request that came."""
    monkeypatch.chdir(tmp_path)
    lines = queue.SimpleQueue[logging.LogRecord]()  # those that the sandbox logs when it has responded
    caplog.set_level(logging.INFO, "portal_sandbox.access")
    logging.getLogger("portal_sandbox.access").addHandler(handler := QueueHandler(lines))

    def run(example: Example, filled: str = "") -> tuple[str, list[str]]:
        monkeypatch.setenv("BEARER_TOKEN", example.name)
        code = _settled(examples[example.service, example.name], demo_box)
        if filled:
            code, count = re.subn(
                r"^(    \w+ = )(?!SyncApi)[\w.]+\(\)", lambda found: found[1] + filled, code, flags=re.M
            )
            assert count == 1, code
        exec(compile(code, str(example), "exec", dont_inherit=True), {"__name__": "__main__"})
        return capsys.readouterr().out, list(_until(example, lines))

    yield run
    logging.getLogger("portal_sandbox.access").removeHandler(handler)


def _until(example: Example, lines: queue.SimpleQueue[logging.LogRecord]) -> Iterator[str]:
    """Yield the operation and the status of each response, up to that of the example."""
    name = status = ""
    while name != example.name:
        _, name, status, *_ = lines.get(timeout=10).getMessage().split()  # "ann candela.get_app 200 7 ms"
        name = name.removeprefix("candela.")
        yield f"{name} {status}"


def _settled(code: str, box: Any) -> str:
    """An example with the settings of the sandbox in the place of "<your-username>" and its like."""
    for name, value in box.secrets["api"].items():
        label = re.sub("(?=[A-Z])", "-", name).lower()
        code = code.replace(
            "https://<your-domain>.lusid.com" if name == "candelaUrl" else f"<your-{label}>", value
        )
    assert "<your" not in code
    return code


@pytest.mark.parametrize("example", EXAMPLES, ids=_id)
def test_example_runs(example: Example, run: Run) -> None:
    printed, received = run(example, FILLED.get(example.name, ""))

    assert "Exception when calling" not in printed
    assert received.count(f"{example.name} {example.status}") == 1
    if example.service == "portal" and example.returns:
        assert f"The response of {example.tag}Api->{example.name}:\n" in printed
    assert bool(printed) is example.returns


@pytest.mark.parametrize("example", [each for each in EXAMPLES if each.name in FILLED], ids=_id)
def test_an_empty_request_is_refused_before_it_is_sent(example: Example, run: Run) -> None:
    with pytest.raises(ValidationError, match=r"\n\w+\n  Field required"):
        run(example)


@pytest.mark.parametrize("service", PACKAGES)
def test_links_to_the_originals_pages_lead_somewhere(service: str, pages: dict[str, list[Page]]) -> None:
    for page in pages[service]:
        ours = Page(DOCS[service] / page.path.name)
        assert page.anchors - ours.anchors == set()


@pytest.mark.skipif(not SEEDS.exists(), reason="the documents that users hold are not beside this repository")
@pytest.mark.parametrize("service", PACKAGES)
def test_the_form_is_that_of_the_originals(service: str, examples: dict[tuple[str, str], str]) -> None:
    page = Page(SEEDS / f"{PACKAGES[service]}.SessionsApi.md")
    originals = {_called(block.code): _plain(block.code) for block in page.blocks()}

    assert {name: _plain(examples[service, name]) for name in originals} == originals


def _plain(code: str) -> str:
    """Code without its comments, which come from the texts of the contract."""
    return ast.unparse(ast.parse(code))
