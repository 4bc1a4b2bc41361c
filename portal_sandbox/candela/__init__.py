"""Candela: sessions of agents and pipelines, and what they are made of, beside Portal under /candela.

The contract defines the requests and responses, not their meaning. The sandbox takes it so:

- **Names.** A session is named by its scope, "default" unless the start gives another, an identifier that the
  sandbox makes, and a version that it makes. One that continues another, its `parent_session`, begins with
  the messages of that one; in the same scope it is the next version of it. A name without a version means the
  latest one. Each user sees only sessions of their own; others do not exist for them (404).
- **Objects.** Apps, circuits, directives, models and tool modules are stored under a scope and an identifier.
  Each add is a version, made by the bump of the highest one that the name has had; none is overwritten, and
  no number is given twice. All users share them, as those of one domain; those of the system level belong to
  the domain "system", and only an administrator, where there are some, adds and deletes them. Circuits must
  lead to nodes that they have, and tool modules must be Python, which is read for its tools and never run. No
  model is downloaded.
- **Agents.** The identifier of a session's app, or of a development session's model, is that of the agent; a
  stored one without an agent has "echo". Circuits and directives are not run. Each session takes prompts in
  both ways: as a pipeline, which returns the agent's answer, and as an agent, which sends events (events.py).
- **Slots.** Each user has one at most, and a start without one assigns it on the way. It stays the user's
  until it is disposed of, which stops its session; so does a failure of the slot, which chaos makes, but then
  the slot is still to be disposed of. One session is in it from its start to its stop: a start while it is
  taken, or not ready, is 409. Prompts go only to the session in it, one at a time: else 409. A stop is 204,
  whether or not a session was running, for afterwards none is; so a repeated stop may stop a session that was
  started since. Stopped in the middle of an answer, the session keeps the prompt, and the request that waits
  ends with 409, or with an event of type "sys". Stopped sessions can be read, continued and deleted; a
  running one cannot be deleted.
- **Strict.** Such a service assigns no slot on the way (400), starts only with an app, a circuit, a directive
  and a model that are stored (404), and takes prompts only in the way of the app's type (409).
- **Traces.** A session and those that continue it write one trace, from the first prompt on. Deleting a
  session deletes what was said in it.
- **Failure.** An agent that raises is 500 as long as no event of it was sent, and afterwards an event of type
  "sys" at the end of the stream instead of the "result". The session goes on, and the `description` in its
  metadata has the agent, the state, and why the last prompt has no answer.
- **Restarts.** Sessions and their slots survive one, and tokens where user, password and client are the same.
  A running prompt does not: the session has the failure in its description and takes the next prompt.
- **Demo data.** Whoever signs in is the user "guest". The objects, the slot and the trace of the documents'
  examples are there for everybody, and stay. Their sessions are open to everybody without a slot, take
  prompts side by side, and only lose their messages when they are deleted. An app or model that names no
  agent has one that echoes, whose session leaves the slot to the next one.
"""
