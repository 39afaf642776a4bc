// The playbook editor: go to the line that is wrong, and do not lose what was typed.

const form = document.querySelector("#editor");
const text = document.querySelector("#text");
const result = document.querySelector("#result");

function selectLine(line) {
  const lines = text.value.split("\n");
  const start = lines.slice(0, line - 1).reduce((length, one) => length + one.length + 1, 0);
  text.focus();
  text.setSelectionRange(start, start + (lines[line - 1]?.length ?? 0));
  text.scrollTop = (text.scrollHeight / lines.length) * Math.max(0, line - 4);
}

/** A link to a place inside something folded opens it. */
function reveal(id) {
  for (let at = document.getElementById(id); at; at = at.parentElement) if (at.localName === "details") at.open = true;
}

let changed = "unsaved" in form.dataset;
form.addEventListener("input", () => (changed = true));
form.addEventListener("submit", ({ submitter }) => {
  changed = false;
  if (submitter) submitter.textContent = submitter.dataset.busy;
});
addEventListener("beforeunload", (event) => changed && event.preventDefault());
document.addEventListener("click", (event) => {
  const link = event.target.closest('a[href^="#"]');
  if (!link) return;
  const id = decodeURIComponent(link.hash.slice(1));
  reveal(id);
  if (id === "text" && text.dataset.line) {
    event.preventDefault();
    selectLine(Number(text.dataset.line));
  }
});
if (result.childElementCount) result.focus({ preventScroll: true });
