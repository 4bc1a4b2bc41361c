"""The routers of all tags."""

from portal_sandbox.candela.routes import models, objects, prompts, sessions, slots, system, tools, traces

ROUTERS = (
    sessions.router,
    prompts.router,
    *objects.ROUTERS,
    models.router,
    tools.router,
    slots.router,
    system.router,
    traces.router,
)
