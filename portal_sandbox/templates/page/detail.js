// An entry in full: its fields, its longer texts, and what was said in it.

import { arrange, element, fullTime, named, show, shown } from "./dom.js";
import { link } from "./requests.js";

/**
 * Let `holder` show a detail. What it shows already is only changed where it differs.
 *
 * Return whether the detail follows upon what is shown; where it does not, all of it must be read.
 */
export function showDetail(holder, detail) {
  if (!holder.parts) {
    holder.parts = {
      fields: element("dl"),
      earlier: note(),
      said: element("ol", { class: "messages" }),
      note: note(),
      blocks: element("div"),
    };
    holder.replaceChildren(...Object.values(holder.parts));
  }
  const { fields, blocks, earlier, said, note: state } = holder.parts;
  changed(fields, detail.fields, () => detail.fields.map(field));
  changed(blocks, detail.blocks, () => detail.blocks.map(block));
  say(state, detail.note);
  said.hidden = detail.said === null;
  const last = said.lastElementChild?.dataset.key;
  if (!last) {
    said.hides = detail.earlier;
    say(earlier, detail.earlier ? `${count(detail.earlier, "earlier message")} not shown` : "");
  } else if (
    detail.said[0]?.key !== Number(last) ||
    detail.earlier !== said.hides + said.children.length - 1
  ) {
    said.replaceChildren(); // something of it is deleted, or so much is new that some is missing
    return false;
  }
  if (detail.said?.length) showSaid(said, detail.said);
  return true;
}

/** Return the key from which on the messages of a detail may be new to its holder. */
export const after = (holder) => holder.parts?.said.lastElementChild?.dataset.key ?? "0";

function showSaid(list, said) {
  const known = new Map([...list.children].map((item) => [Number(item.dataset.key), item]));
  const earlier = [...known].filter(([key]) => key < said[0].key).map(([, item]) => item);
  arrange(list, [...earlier, ...said.map((each) => message(known.get(each.key), each))]);
}

/** Return the item of a message, a new one or the one that there is. */
function message(item, said) {
  item ??= element(
    "li",
    { "data-key": said.key },
    element("p", { class: "author" }),
    element("div", { class: "text", dir: "auto" }),
    element("div", { class: "after" }),
  );
  const [author, text, rest] = item.children;
  item.className = [said.role === "user" ? "user" : "agent", ...(said.failed ? ["failed"] : [])].join(" ");
  changed(author, said.author, () => [named(said.author)]);
  if (JSON.stringify(said.text) !== JSON.stringify(item.said)) show(text, said.text, item.said);
  item.said = said.text;
  changed(rest, [said.more, said.files], () =>
    [
      cut(said.more, said.path),
      said.files.length
        ? element("ul", { class: "files", "aria-label": "Attached files" }, said.files.map(file))
        : null,
    ].filter(Boolean),
  );
  return item;
}

function file({ name, about, path }) {
  return element("li", {}, download(path, named(name)), " ", element("span", {}, named(about)));
}

function field([label, value]) {
  const content = typeof value === "string" ? fullTime(value) : named(value);
  return element("div", {}, element("dt", {}, label), " ", element("dd", {}, content));
}

function block({ label, text, more, path }) {
  return element(
    "section",
    {},
    element("h4", {}, label),
    element("pre", { tabindex: "0", dir: "auto" }, element("code", {}, shown(text))),
    cut(more, path),
  );
}

/** Return the words for what is left out of a text; null where nothing is. */
function cut(more, path) {
  if (!more) return null;
  const whole = path ? [" · ", download(path, "Download the whole text")] : [];
  return element("p", { class: "cut" }, `… ${count(more, "more character")}`, whole);
}

const download = (path, ...children) => element("a", { href: link(path), download: true }, ...children);
const note = () => element("p", { class: "note", hidden: true });
const count = (number, noun) => `${number.toLocaleString("en")} ${noun}${number === 1 ? "" : "s"}`;

function say(holder, text) {
  holder.textContent = text;
  holder.hidden = !text;
}

/** Fill an element anew where what it shows has changed. */
function changed(holder, value, fill) {
  const text = JSON.stringify(value);
  if (holder.value === text) return;
  holder.value = text;
  holder.replaceChildren(...fill());
}
