// The form that tries an agent. It sends a prompt as any client does, with a token, so no other page can.

import { element } from "./dom.js";
import { sendPrompt } from "./requests.js";

const by = (id) => document.getElementById(id);
const KEPT = ["agent", "prompt", "token"];

/** Let the form send prompts; `sent` is called with the id of each new session. */
export function startForm(sent) {
  const form = by("prompt-form");
  for (const id of KEPT) by(id).value = sessionStorage.getItem(id) ?? "";
  form.addEventListener("input", keep);
  by("prompt").addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    send(form, sent);
  });
}

/** Offer these agents; the one that is chosen stays so. */
export function offer(agents) {
  const select = by("agent");
  const chosen = select.value || sessionStorage.getItem("agent");
  if (select.value === chosen && select.options.length === agents.length) return;
  select.replaceChildren(
    ...agents.map(([id, label]) => element("option", { value: id, selected: id === chosen }, label)),
  );
}

async function send(form, sent) {
  const button = form.querySelector("button");
  const data = new FormData(form);
  if ([...data.getAll("files")].every((file) => !file.name)) data.delete("files");
  button.disabled = true;
  by("failed").textContent = "";
  by("sent").textContent = "Sending…";
  try {
    const id = await sendPrompt(data, by("token").value.trim());
    by("prompt").value = "";
    by("file").value = "";
    by("sent").textContent = "Sent; the answer appears in the list";
    sent(id);
  } catch (error) {
    by("sent").textContent = "";
    by("failed").textContent =
      error.status === 401 ? "The sandbox does not know this token" : `Not sent. ${error.message}`;
    by(error.status === 401 ? "token" : "prompt").focus();
  } finally {
    button.disabled = false;
    keep();
  }
}

function keep() {
  for (const id of KEPT) sessionStorage.setItem(id, by(id).value);
}
