"""Servers and cassettes for the tests of programs that use portal_client or finbourne_candela.

With pytest its fixtures are there as soon as this is installed; elsewhere, as in unittest:

    import portal_testing

    with portal_testing.serve_portal() as server:
        server.agent("a1").replies("ok")
        api = server.api(SessionsApi)
"""

from __future__ import annotations

from portal_client._lazy import TYPE_CHECKING, lazy

if TYPE_CHECKING:
    from portal_testing.calls import Call as Call
    from portal_testing.calls import SentFile as SentFile
    from portal_testing.cassette import Cassette as Cassette
    from portal_testing.cassette import CassetteMismatch as CassetteMismatch
    from portal_testing.clock import Clock as Clock
    from portal_testing.script import UnusedScript as UnusedScript
    from portal_testing.server import CandelaServer as CandelaServer
    from portal_testing.server import PortalServer as PortalServer
    from portal_testing.server import serve_candela as serve_candela
    from portal_testing.server import serve_portal as serve_portal
else:
    __getattr__, __dir__ = lazy(
        __name__,
        {
            "portal_testing.calls": "Call SentFile",
            "portal_testing.cassette": "Cassette CassetteMismatch",
            "portal_testing.clock": "Clock",
            "portal_testing.script": "UnusedScript",
            "portal_testing.server": "CandelaServer PortalServer serve_candela serve_portal",
        },
    )
