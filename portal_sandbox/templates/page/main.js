// The page: its address says which view it shows and by which filters; the feed of that view fills it.

import { element } from "./dom.js";
import { List } from "./list.js";
import { Feed } from "./requests.js";
import { offer, startForm } from "./try.js";

const TITLES = {
  sessions: "Portal sessions",
  candela: "Candela sessions",
  slots: "Slots",
  objects: "Objects",
  traces: "Traces",
};
const NONE = {
  sessions: "No sessions yet. Send a prompt from here, or connect from your own program.",
  candela: "No sessions yet. A session starts with an app and a model; its app may be named after an agent.",
  slots: "No slots. A session gets one on the way, unless the sandbox is strict.",
  objects: "No apps, circuits, directives, models or tool modules are stored.",
  traces: "No traces yet. A session of Candela writes one from its first prompt on.",
};
const STEP = 100;
const MOST = 1_000;

const by = (id) => document.getElementById(id);
const list = new List(by("list"), tell);
const feed = new Feed(receive, connection);
let address = null;
let started = false;

/** Return what the address says: the view, the filters, the number of entries. */
function read() {
  const {
    view = "sessions",
    limit = STEP,
    ...filters
  } = Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
  const asked = Number.parseInt(limit);
  return {
    view: Object.hasOwn(TITLES, view) ? view : "sessions",
    limit: asked > 0 ? Math.min(asked, MOST) : STEP,
    filters,
  };
}

/** Say in the address what to show; the browser's back button leads to what was shown before. */
function go({ view, limit, filters }) {
  const set = Object.entries(filters).filter(([, value]) => value);
  location.hash = new URLSearchParams({
    view,
    ...Object.fromEntries(set),
    ...(limit > STEP ? { limit } : {}),
  });
}

function follow() {
  const before = address;
  address = read();
  const { view, filters, limit } = address;
  const more =
    before &&
    limit > before.limit &&
    JSON.stringify([view, filters]) === JSON.stringify([before.view, before.filters]);
  if (more) list.expect();
  else list.begin(view);
  by("title").textContent = TITLES[view];
  for (const each of document.querySelectorAll("#views a")) {
    if (each.dataset.view === view) each.setAttribute("aria-current", "page");
    else each.removeAttribute("aria-current");
    const user = filters.user ? { user: filters.user } : {};
    each.href = `#${new URLSearchParams({ view: each.dataset.view, ...user })}`;
  }
  feed.read(view, { ...filters, limit });
}

function receive(state) {
  for (const each of document.querySelectorAll("#views a")) {
    each.querySelector(".count").textContent = state.counts[each.dataset.view].toLocaleString("en");
  }
  by("db").textContent = state.db === null ? "· data in memory, gone when it stops" : `· data in ${state.db}`;
  if (!started && Object.values(state.counts).every((count) => count === 0)) by("connect").open = true;
  started = true;
  offer(state.agents);
  showFilters(state.values);
  list.update(state);
  const filtered = Object.keys(address.filters).some((name) => name in state.values);
  by("empty").hidden = state.total > 0;
  by("empty").textContent = filtered ? "Nothing matches the filter." : NONE[address.view];
  const rest = by("rest");
  rest.hidden = state.order.length >= state.total;
  rest.querySelector("span").textContent =
    `The newest ${state.order.length.toLocaleString("en")} of ${words(state.total, state.noun)}`;
  rest.querySelector("button").hidden = address.limit >= MOST;
  document.title = `${words(state.total, state.noun)} · Portal sandbox`;
}

function showFilters(values) {
  for (const label of document.querySelectorAll("[data-filter]")) {
    const name = label.dataset.filter;
    label.hidden = !(name in values);
    if (label.hidden) continue;
    const select = label.querySelector("select");
    const chosen = address.filters[name] ?? "";
    const known = [["", "all"], ...values[name]];
    if (!known.some(([value]) => value === chosen)) known.push([chosen, chosen]);
    const shown = JSON.stringify([known, chosen]);
    const isOpen = select === document.activeElement && select.value === chosen;
    if (select.dataset.shown === shown || isOpen) continue;
    select.dataset.shown = shown;
    select.replaceChildren(
      ...known.map(([value, text]) => element("option", { value, selected: value === chosen }, text)),
    );
  }
  by("filters").querySelector("button").hidden = Object.keys(address.filters).length === 0;
}

const words = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

// What is new is said once a second at most, so that a screen reader can follow.
let pending = [];
let timer = null;
function tell(news) {
  pending.push(news);
  timer ??= setTimeout(() => {
    by("news").textContent = pending.slice(-3).join(". ");
    pending = [];
    timer = null;
  }, 1_000);
}

function connection(text) {
  const holder = by("connection");
  if (holder.textContent !== text) holder.textContent = text;
  holder.classList.toggle("live", text === "Live");
}

addEventListener("hashchange", follow);
by("filters").addEventListener("change", ({ target }) => {
  go({ ...address, limit: STEP, filters: { ...address.filters, [target.name]: target.value } });
});
by("filters").addEventListener("reset", (event) => {
  event.preventDefault();
  go({ ...address, limit: STEP, filters: {} });
});
by("rest")
  .querySelector("button")
  .addEventListener("click", () => go({ ...address, limit: address.limit + STEP }));
document.querySelector(".skip").addEventListener("click", (event) => {
  event.preventDefault();
  by("main").focus();
});
startForm((id) => {
  list.open("sessions", id);
  if (address.view !== "sessions" || Object.keys(address.filters).length)
    go({ view: "sessions", limit: STEP, filters: {} });
});
if (matchMedia("(max-width: 60rem)").matches) by("try").open = false;
follow();
