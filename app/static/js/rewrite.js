// The suggested rewrite: copy it, and ask the language model for another one where there is one.

import { call } from "./api.js";

const COPIED_MS = 2000;

/** Also where the page is not served securely and browsers offer no clipboard. */
async function copy(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const field = Object.assign(document.createElement("textarea"), { value: text });
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  if (!copied) throw new Error("not copied");
}

/** A button that copies what `text` gives, and says for a while that it did. */
export function offerCopy(button, text) {
  const label = button.querySelector("[role=status]");
  const said = label.textContent;
  button.addEventListener("click", async () => {
    label.textContent = await copy(text()).then(
      () => "Copied",
      () => "Could not copy",
    );
    setTimeout(() => (label.textContent = said), COPIED_MS);
  });
}

function offerSuggestion(button) {
  const panel = button.closest(".machine");
  const answer = panel.querySelector(".machine-answer");
  const error = panel.querySelector("[role=alert]");
  const said = button.textContent;
  button.addEventListener("click", async () => {
    button.disabled = true;
    button.textContent = "Asking …";
    error.hidden = true;
    try {
      const suggestion = await call(button.dataset.suggest, { method: "POST" });
      if (!suggestion.text) throw new Error(suggestion.reason);
      answer.querySelector("blockquote").textContent = suggestion.text;
      answer.hidden = false;
    } catch (problem) {
      error.textContent = problem.message;
      error.hidden = false;
    }
    button.disabled = false;
    button.textContent = said;
  });
}

export function startRewrite(root) {
  for (const button of root.querySelectorAll("[data-copy]")) offerCopy(button, () => button.dataset.copy);
  root.querySelectorAll("[data-suggest]").forEach(offerSuggestion);
}
