// Elements. What users and agents say is set as text, and never read as HTML.

/** Make an element. An attribute that is null, undefined or false is left out. */
export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value);
  }
  made.append(...children.flat().filter((child) => child !== null));
  return made;
}

/** Return the runs of a text as nodes: a pair is a character that cannot be seen, by code point and name. */
export function shown(runs) {
  return runs.map((run) =>
    typeof run === "string"
      ? document.createTextNode(run)
      : element("span", { class: "control", title: run[1] }, run[0]),
  );
}

/** Return the runs of a name as an element whose direction does not turn the words around it. */
export function named(runs) {
  return element("bdi", {}, shown(runs));
}

/** Let an element hold new runs. Where a text only grows, what is selected in it stays selected. */
export function show(holder, runs, before) {
  const grows =
    before?.length === 1 && runs.length === 1 && [...before, ...runs].every((run) => typeof run === "string");
  if (grows && runs[0].startsWith(before[0])) holder.append(runs[0].slice(before[0].length));
  else holder.replaceChildren(...shown(runs));
}

/** Put these nodes into `parent` in this order. Those that stay in their place are not touched, nor are others. */
export function arrange(parent, nodes) {
  const wanted = new Set(nodes);
  let next = parent.firstElementChild;
  for (const node of nodes) {
    while (next && !wanted.has(next)) next = next.nextElementSibling;
    if (node === next) next = next.nextElementSibling;
    else if (node.isConnected && parent.moveBefore)
      parent.moveBefore(node, next); // which keeps focus and selection
    else parent.insertBefore(node, next);
  }
}

const CLOCK = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const MONTH = new Intl.DateTimeFormat("en", { month: "long", year: "numeric" });
const FULL = new Intl.DateTimeFormat(undefined, {
  day: "numeric",
  month: "short",
  year: "numeric",
  hour: "2-digit",
  minute: "2-digit",
  second: "2-digit",
  timeZoneName: "short",
});

const midnight = (date) => new Date(date.getFullYear(), date.getMonth(), date.getDate());
const daysBefore = (date, now) => Math.round((midnight(now) - midnight(date)) / 86_400_000);

/** Return the heading for a time in the reader's zone. */
export function period(iso, now) {
  const date = new Date(iso);
  const days = daysBefore(date, now);
  if (days < 1) return "Today";
  if (days === 1) return "Yesterday";
  return days <= 7 ? "Previous 7 days" : MONTH.format(date);
}

/** Return a time in the reader's zone, short; its title has all of it. */
export function shortTime(iso, now) {
  const date = new Date(iso);
  const text = daysBefore(date, now) < 2 ? CLOCK.format(date) : DAY.format(date);
  return element("time", { datetime: iso, title: `${FULL.format(date)} · ${iso}` }, text);
}

/** Return a time in the reader's zone, and as ISO 8601 beside it. */
export function fullTime(iso) {
  return [element("time", { datetime: iso }, FULL.format(new Date(iso))), " ", element("code", {}, iso)];
}
