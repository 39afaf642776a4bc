// The script page: how long the text would take to say, while it is typed.

import { takeAlong } from "./rehearsal.js";
import { startRewrite } from "./rewrite.js";

const SPOKEN_WPM = 150;
const text = document.querySelector("#text");
const count = document.querySelector("#script-count");
const hint = count.textContent;

function showLength() {
  const words = text.value.trim().split(/\s+/).filter(Boolean).length;
  const seconds = Math.round((words * 60) / SPOKEN_WPM);
  count.textContent = words ? `${words} ${words === 1 ? "word" : "words"}, about ${seconds} s when spoken.` : hint;
}

document.querySelector("#practise").addEventListener("click", () => {
  takeAlong(text.form);
  location.assign("/record");
});
text.addEventListener("input", showLength);
showLength();
startRewrite(document);
document.querySelector("#result article")?.parentElement.focus({ preventScroll: true });
