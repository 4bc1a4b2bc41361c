// The requests of the page: the feed of a view, an entry in full, downloads, and prompts.

const KEY = document.documentElement.dataset.key;

/** Return the URL of something of the page, with the key of the page. */
export function link(path, query = {}) {
  return `page/${path}?${new URLSearchParams({ ...query, key: KEY })}`;
}

/** Return an entry in full; null where it is gone. Throws where it cannot be read. */
export async function readEntry(view, id, after) {
  const response = await fetch(link(`entries/${view}/${encodeURIComponent(id)}`, { after }));
  if (response.status === 404) return null;
  if (!response.ok) throw new Error(`The sandbox responded with ${response.status}`);
  return response.json();
}

/** Send a prompt with its files to an agent of Portal, as any client does; return the id of its session. */
export async function sendPrompt(form, token) {
  const response = await fetch("sessions/async", {
    method: "POST",
    body: form,
    headers: { Authorization: `Bearer ${token}` },
  });
  const content = await response.json().catch(() => ({}));
  if (response.ok) return content.session_id;
  const reason = typeof content.detail === "string" ? content.detail : response.statusText;
  throw Object.assign(new Error(`${response.status}: ${reason}`), { status: response.status });
}

/** The feed of one view at a time; it connects again by itself, and rests while the page is hidden. */
export class Feed {
  #source = null;
  #wanted = null;
  #timer = null;
  #worked = false;

  constructor(receive, tell) {
    this.receive = receive;
    this.tell = tell;
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#close() : this.#open()));
  }

  /** Read the feed of another view. */
  read(view, query) {
    this.#wanted = link(`events/${view}`, query);
    this.#close();
    this.#open();
  }

  #open() {
    if (this.#source || document.hidden) return;
    this.tell("Connecting…");
    const source = (this.#source = new EventSource(this.#wanted));
    source.onopen = () => {
      this.#worked = true;
      this.tell("Live");
    };
    source.addEventListener("state", (event) => this.receive(JSON.parse(event.data)));
    source.onerror = () => {
      this.tell("No connection; trying again");
      if (source.readyState === EventSource.CLOSED) this.#refused();
    };
  }

  #close() {
    clearTimeout(this.#timer);
    this.#source?.close();
    this.#source = null;
  }

  /** The response was no feed: the sandbox is another one, whose page has another key, or it is busy. */
  async #refused() {
    this.#close();
    const response = await fetch(link("entries/sessions/-")).catch(() => null);
    if (response?.status === 403 && this.#worked) location.reload();
    else this.#timer = setTimeout(() => this.#open(), 2_000);
  }
}
