"""Candela: sessions of agents and pipelines, beside Portal under /candela.

The contract says what goes over the wire, not what it means. The sandbox takes it so:

- **Names.** A session is named by its scope, "default" unless the start says another, an identifier that the
  sandbox makes, and a version that it makes. One that continues another, its `parent_session`, begins with
  what was said there; in the same scope it is the next version of it. Without a version a name means the
  latest one. Each user sees only sessions of their own; what they cannot see does not exist for them (404).
- **Agents.** The app of a session, or the model of a development session, names by its identifier the agent
  that answers. Circuits and directives are checked and kept, not run. Each session takes prompts in both
  ways: as a pipeline, which answers what the agent does, and as an agent, which tells events (events.py).
- **The slot.** Each user has one, and a session is in it from its start to its stop: a start while it is
  taken is 409. Prompts go only to the session in it, one at a time: else 409. A stop is 204, whether or not
  something was running, for afterwards nothing is; so to repeat one may stop what was started since.
  Stopped in the middle of an answer, the session keeps the prompt, and whoever waits is told: 409, or an
  event of type "sys". Stopped sessions can be read, continued and deleted; a running one is not deleted.
- **Failure.** An agent that raises is 500 as long as no event of it was sent, and afterwards an event of type
  "sys" at the end of the stream instead of the "result". The session goes on, and its metadata says why the
  last prompt has no answer: their `description` tells agent, state and failure.
- **Restarts.** Sessions and their slots survive one, and tokens where user, password and client are the same.
  A prompt under way does not: the session says so in its description and takes the next prompt.
- **Demo data.** Whoever signs in is the user "guest". The sessions that the documents name are open to
  everybody without a slot, take prompts side by side, and lose only what was said when they are deleted. An
  app or model that names no agent has one that echoes, whose session leaves the slot to the next one.
"""
