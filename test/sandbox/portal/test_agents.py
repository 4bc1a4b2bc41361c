"""The operations on agents, each through HTTP."""

from ..conftest import Caller, Start

ECHO = {
    "id": "echo",
    "name": "Echo",
    "assistant_id": "asst_echo",
    "assistant_nickname": "Echo",
    "welcome_message": "This is Echo. What would you like to know?",
    "user_initial_message": "",
    "icon": "robot",
    "visibility_requirements": [],
}


class RiskReport:
    """An agent with texts of its own, and attributes that are none."""

    welcome_message = "Ask me about risk ☃"
    user_initial_message = "How much is at risk?"
    icon = 7

    def __call__(self, conversation: object, files: object) -> str:
        return "all of it"


def test_agents_are_those_that_answer(start: Start) -> None:
    caller = start(agents={"risk_report": RiskReport()})

    agents = caller.get("/agents")["agents"]

    assert agents == [
        ECHO,
        {
            **ECHO,
            "id": "risk_report",
            "name": "Risk report",
            "assistant_id": "asst_risk_report",
            "assistant_nickname": "Risk report",
            "welcome_message": "Ask me about risk ☃",
            "user_initial_message": "How much is at risk?",
        },
    ]
    for agent in agents:
        assert caller.get(f"/agents/{agent['id']}") == agent
        assert caller.create(agent=agent["id"])["messages"][1]["agent"] == {
            name: agent[name] for name in ("id", "name", "icon")
        }


def test_the_demo_agent_is_one(start: Start) -> None:
    caller = start(agents={}, demo_data=True)

    assert [agent["id"] for agent in caller.get("/agents")["agents"]] == ["echo", "agent_id_example"]


def test_no_such_agent(caller: Caller) -> None:
    response = caller.call("GET", "/agents/nobody")

    assert (response.status, response.json()) == (
        404,
        {"detail": "Agent not found: nobody (agents: echo)"},
    )


def test_agents_are_for_those_with_a_token(caller: Caller) -> None:
    with Caller(caller.host, None) as nobody:
        assert [nobody.call("GET", path).status for path in ("/agents", "/agents/echo")] == [401, 401]
