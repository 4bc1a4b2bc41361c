// The list: a line for each entry, which opens to the entry in full. Nothing in it closes or moves by itself:
// what is open or has the focus stays, where it is on the screen, whatever comes or goes around it.

import { after, showDetail } from "./detail.js";
import { arrange, element, named, period, shortTime, shown } from "./dom.js";
import { readEntry } from "./requests.js";

export class List {
  #rows = new Map();
  #sections = new Map();
  #opening = new Set();
  #quiet = true;
  #view = null;
  #order = [];
  #now = null;

  /** `holder` is the element of the list; `tell` is told what is new, in words. */
  constructor(holder, tell) {
    this.holder = holder;
    this.tell = tell;
  }

  /** Show a view, or the same one by other filters; what is open and comes again is open then, too. */
  begin(view) {
    for (const row of this.#rows.values()) if (row.details.open) this.#opening.add(`${row.view} ${row.id}`);
    this.#view = view;
    this.#rows.clear();
    this.#sections.clear();
    this.holder.replaceChildren();
    document.body.style.minHeight = "";
    this.expect();
  }

  /** Take the entries that come next for old ones. */
  expect() {
    this.#quiet = true;
  }

  /** Open an entry of a view as soon as it is there. */
  open(view, id) {
    if (view === this.#view && this.#rows.has(id)) this.#rows.get(id).details.open = true;
    else this.#opening.add(`${view} ${id}`);
  }

  /** Show the state of an event: the order of all entries, and those that are new or have changed. */
  update({ order, changed, now, noun }) {
    this.#order = order;
    this.#now = new Date(now);
    const added = Object.keys(changed).filter((id) => !this.#rows.has(id));
    const present = new Set(order);
    this.#steadily(() => {
      for (const id of added) this.#rows.set(id, this.#row(id));
      for (const [id, row] of [...this.#rows]) {
        row.listed = present.has(id);
        if (id in changed) this.#change(row, changed[id]);
        if (!row.listed && row.details.open) this.#refresh(row);
        else if (!row.listed && !row.item.contains(document.activeElement)) this.#drop(row);
      }
      this.#arrange();
    });
    if (added.length && !this.#quiet)
      this.tell(`${added.length} new ${noun}${added.length === 1 ? "" : "s"}`);
    this.#quiet = false;
  }

  #row(id) {
    const summary = element("summary");
    const detail = element("div", { class: "detail" });
    const details = element("details", {}, summary, detail);
    const item = element("li", { class: this.#quiet ? null : "new" }, details);
    const row = {
      id,
      view: this.#view,
      item,
      details,
      summary,
      detail,
      entry: null,
      placed: null,
      listed: true,
    };
    details.addEventListener("toggle", () => (details.open ? this.#refresh(row) : this.#leave(row)));
    summary.addEventListener("blur", () => row.listed || this.#leave(row));
    details.open = this.#opening.delete(`${this.#view} ${id}`);
    return row;
  }

  #change(row, entry) {
    const before = row.entry;
    row.entry = entry;
    row.summary.replaceChildren(
      element("span", { class: "title" }, named(entry.title)),
      " ",
      element("span", { class: `badge ${entry.tone}` }, entry.badge),
      " ",
      element("span", { class: "preview", dir: "auto" }, shown(entry.preview)),
      " ",
      element(
        "span",
        { class: "facts" },
        named(entry.user),
        entry.facts.map((fact) => ` · ${fact}`),
      ),
      " ",
      shortTime(entry.time, this.#now),
    );
    if (before && row.details.open && before.revision !== entry.revision) this.#refresh(row);
    if (before && row.details.open && before.badge !== entry.badge) {
      this.tell(`${row.summary.firstChild.textContent}: ${entry.badge}`);
    }
  }

  /** Put a row that was closed where it belongs; drop one that is not listed any more and has lost the focus. */
  #leave(row) {
    if (row.details.open || this.#rows.get(row.id) !== row) return;
    this.#steadily(() => {
      if (!row.listed && !row.item.contains(document.activeElement)) this.#drop(row);
      this.#arrange();
    });
  }

  #drop(row) {
    this.#rows.delete(row.id);
    row.item.remove();
  }

  /** Read an open entry, again where it changes meanwhile. */
  async #refresh(row) {
    row.stale = true;
    if (row.reading) return;
    row.reading = true;
    row.detail.setAttribute("aria-busy", "true");
    try {
      while (row.stale && row.details.open) {
        row.stale = false;
        const detail = await readEntry(row.view, row.id, after(row.detail));
        this.#steadily(() => this.#show(row, detail));
      }
    } catch (error) {
      row.entry = { ...row.entry, revision: null }; // it is read again when its entry comes again
      if (!row.detail.parts) row.detail.textContent = `${error.message}; close and open it to try again`;
    } finally {
      row.reading = false;
      row.detail.removeAttribute("aria-busy");
    }
  }

  #show(row, detail) {
    if (detail === null) {
      row.item.classList.add("gone");
      row.summary.querySelector(".badge").textContent = "Deleted";
      return;
    }
    if (!row.listed) this.#change(row, { ...detail.entry, revision: row.entry.revision });
    row.stale ||= !showDetail(row.detail, detail);
  }

  /** Put the rows into their places under their headings. */
  #arrange() {
    const groups = this.#groups();
    for (const name of groups.keys()) if (!this.#sections.has(name)) this.#sections.set(name, section(name));
    arrange(
      this.holder,
      [...groups.keys()].map((name) => this.#sections.get(name)),
    );
    for (const [name, rows] of groups) {
      arrange(
        this.#sections.get(name).lastElementChild,
        rows.map(({ item }) => item),
      );
      for (const row of rows) row.placed = { group: name, time: row.entry.time };
    }
    for (const [name, each] of this.#sections) if (!groups.has(name)) each.remove();
    this.#sections = new Map([...groups.keys()].map((name) => [name, this.#sections.get(name)]));
    this.#rows = new Map([...groups.values()].flat().map((row) => [row.id, row]));
  }

  /**
   * Return the rows by their headings, in order.
   *
   * What is open, or kept because it is read, stays under its heading and between its neighbours.
   */
  #groups() {
    const usual = (row) => row.entry.group ?? period(row.entry.time, this.#now);
    const stays = (row) =>
      row.listed && row.placed?.group === usual(row) && row.placed.time === row.entry.time;
    const before = [...this.#rows.values()].filter(({ placed }) => placed);
    const held = new Set(before.filter((row) => !stays(row) && (row.details.open || !row.listed)));
    const groups = new Map();
    for (const row of this.#order.map((id) => this.#rows.get(id)).filter((each) => !held.has(each))) {
      groups.set(usual(row), [...(groups.get(usual(row)) ?? []), row]);
    }
    for (const row of held) {
      const rows = groups.get(row.placed.group) ?? [];
      const at = before.indexOf(row);
      const near = (each) => rows.includes(each) && (stays(each) || held.has(each));
      const above = rows.indexOf(before.slice(0, at).findLast(near));
      const below = rows.indexOf(before.slice(at + 1).find(near));
      rows.splice(above >= 0 ? above + 1 : Math.max(0, below), 0, row);
      groups.set(row.placed.group, rows);
    }
    return this.#inOrder(groups);
  }

  /** Return groups with those that only hold rows in their old places before what follows them now. */
  #inOrder(groups) {
    const sections = [...this.#sections.keys()];
    const names = [...groups.keys()];
    for (const name of sections.filter((each) => groups.has(each)).reverse()) {
      const next = sections.slice(sections.indexOf(name) + 1).find((each) => groups.has(each));
      if (!next || groups.get(name).some(({ listed, details }) => listed && !details.open)) continue;
      names.splice(names.indexOf(name), 1);
      names.splice(names.indexOf(next), 0, name);
    }
    return new Map(names.map((name) => [name, groups.get(name)]));
  }

  /** Make a change so that the line that is being read stays where it is on the screen. */
  #steadily(change) {
    const focused = document.activeElement;
    const anchor = this.#anchor();
    const before = anchor?.getBoundingClientRect().top;
    change();
    if (focused !== document.activeElement && focused?.isConnected) focused.focus({ preventScroll: true });
    if (!anchor?.isConnected) return;
    const moved = anchor.getBoundingClientRect().top - before;
    if (Math.abs(moved) < 1) return;
    const room = document.documentElement.scrollHeight - innerHeight - scrollY;
    if (moved > room) document.body.style.minHeight = `${document.body.offsetHeight + moved - room}px`;
    scrollBy({ top: moved, behavior: "instant" });
  }

  #anchor() {
    const seen = [...this.#rows.values()].filter(({ item }) => {
      const { top, bottom } = item.getBoundingClientRect();
      return item.isConnected && bottom > 0 && top < innerHeight;
    });
    const middle = ({ item }) => Math.abs(item.getBoundingClientRect().top - innerHeight / 3);
    const open = seen.filter(({ details }) => details.open).sort((a, b) => middle(a) - middle(b));
    const focused = seen.find(({ item }) => item.contains(document.activeElement));
    const scrolled = this.holder.getBoundingClientRect().top < 0 ? seen[0] : null;
    return (focused ?? open[0] ?? scrolled)?.item ?? null;
  }
}

function section(name) {
  return element("section", {}, element("h3", {}, name), element("ul", { class: "entries" }));
}
