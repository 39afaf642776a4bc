// What goes along to the page for practising: the script (for this tab), and what is the same in every call.

const SCRIPT = "afterbeep.script";
const ANSWERS = "afterbeep.answers";
const KEPT = ["purpose", "playbook", "rep", "company"];
const GIVEN = [...KEPT, "prospect", "relationship", "attempt", "referrer"];

const read = (storage, key) => {
  try {
    return JSON.parse(storage.getItem(key)) ?? {};
  } catch {
    return {};
  }
};
const answersOf = (form, names) => Object.fromEntries(names.map((name) => [name, form.elements[name].value]));

/** From the script page: its text and what was said about the call, never in an address. */
export function takeAlong(form) {
  sessionStorage.setItem(SCRIPT, JSON.stringify({ text: form.elements.text.value, answers: answersOf(form, GIVEN) }));
}

/** The script that came along stays in the field over reloads, as it is edited. */
export function scriptText(field) {
  field.value = read(sessionStorage, SCRIPT).text ?? "";
  field.addEventListener("input", () => sessionStorage.setItem(SCRIPT, JSON.stringify({ ...read(sessionStorage, SCRIPT), text: field.value })));
}

export function rememberForm(form) {
  if (form.elements.script_id) return; // Its answers are the script's.
  localStorage.setItem(ANSWERS, JSON.stringify(answersOf(form, KEPT)));
}

/** Last time's answers, then those that came along with a script. What a kept script says of the call stays. */
export function recallForm(form) {
  const kept = form.elements.script_id !== undefined;
  const along = kept ? {} : (read(sessionStorage, SCRIPT).answers ?? {});
  for (const [name, value] of Object.entries({ ...read(localStorage, ANSWERS), ...along })) {
    const field = form.elements[name];
    if (kept && field.value) continue;
    const before = field.value;
    if (value) field.value = value;
    if (field.selectedIndex === -1) field.value = before; // A playbook that is gone.
  }
}
