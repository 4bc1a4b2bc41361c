"""Candela: sessions of agents and pipelines, beside Portal under /candela.

The contract defines the requests and responses, not their meaning. The sandbox takes it so:

- **Names.** A session is named by its scope, "default" unless the start gives another, an identifier that the
  sandbox makes, and a version that it makes. One that continues another, its `parent_session`, begins with
  the messages of that one; in the same scope it is the next version of it. A name without a version means the
  latest one. Each user sees only sessions of their own; others do not exist for them (404).
- **Agents.** The identifier of a session's app, or of a development session's model, is that of the agent.
  Circuits and directives are validated and stored, not run. Each session takes prompts in both ways: as a
  pipeline, which returns the agent's answer, and as an agent, which sends events (events.py).
- **The slot.** Each user has one, and a session is in it from its start to its stop: a start while it is
  taken is 409. Prompts go only to the session in it, one at a time: else 409. A stop is 204, whether or not a
  session was running, for afterwards none is; so a repeated stop may stop a session that was started since.
  Stopped in the middle of an answer, the session keeps the prompt, and the request that waits ends with 409,
  or with an event of type "sys". Stopped sessions can be read, continued and deleted; a running one cannot be
  deleted.
- **Failure.** An agent that raises is 500 as long as no event of it was sent, and afterwards an event of type
  "sys" at the end of the stream instead of the "result". The session goes on, and the `description` in its
  metadata has the agent, the state, and why the last prompt has no answer.
- **Restarts.** Sessions and their slots survive one, and tokens where user, password and client are the same.
  A running prompt does not: the session has the failure in its description and takes the next prompt.
- **Demo data.** Whoever signs in is the user "guest". The sessions of the documents' examples are open to
  everybody without a slot, take prompts side by side, and only lose their messages when they are deleted. An
  app or model that names no agent has one that echoes, whose session leaves the slot to the next one.
"""
