"""A local server of the Portal and the Candela service, for first steps and for tests.

    import portal_sandbox

    with portal_sandbox.running() as box:
        print(box.host, box.token)
        print(box.candela_url, box.secrets)

    box = portal_sandbox.start()  # in a notebook; it runs until
    box.stop()

All data is stored in SQLite: in memory, or in a file that survives a restart.
"""

TYPE_CHECKING = False  # type checkers take it for True; typing would be slow to import

if TYPE_CHECKING:
    from portal_sandbox.agents import Agent as Agent
    from portal_sandbox.agents import File as File
    from portal_sandbox.agents import Message as Message
    from portal_sandbox.app import create_app as create_app
    from portal_sandbox.candela.oauth2 import OAuth2 as OAuth2
    from portal_sandbox.candela.slot_limits import Slots as Slots
    from portal_sandbox.chaos import Chaos as Chaos
    from portal_sandbox.errors import SandboxError as SandboxError
    from portal_sandbox.server import Sandbox as Sandbox
    from portal_sandbox.server import running as running
    from portal_sandbox.server import start as start

_MODULE_OF = {
    "Agent": "agents",
    "Chaos": "chaos",
    "File": "agents",
    "Message": "agents",
    "OAuth2": "candela.oauth2",
    "Sandbox": "server",
    "SandboxError": "errors",
    "Slots": "candela.slot_limits",
    "create_app": "app",
    "running": "server",
    "start": "server",
}

__all__ = [
    "Agent",
    "Chaos",
    "File",
    "Message",
    "OAuth2",
    "Sandbox",
    "SandboxError",
    "Slots",
    "create_app",
    "running",
    "start",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module
    from importlib.util import find_spec

    try:
        for library in (
            "fastapi", "fastapi_offline", "filelock", "jinja2", "mimeparse", "python_multipart", "sqlalchemy",
            "uvicorn",
        ):  # fmt: skip
            if find_spec(library) is None:
                raise ModuleNotFoundError(name=library)
    except ImportError as error:
        raise ImportError(
            f'portal_sandbox needs {error.name}: pip install "portal-client[sandbox]"', name=error.name
        ) from error
    value: object = getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
