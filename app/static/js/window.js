// Where the message is: marked by hand, shown on the waveform as it is typed, sent, and analysed again.

import { call, json } from "./api.js";

const WAVE_UNITS = 1000; // The width of the waveform's viewBox.

export function startWindow(article) {
  const form = article.querySelector("#window-form");
  if (!form) return;
  const [start, end] = [form.elements.start_s, form.elements.end_s];
  const error = form.querySelector("#window-error");
  const audio = article.querySelector("audio");
  const path = `/v1/voicemails/${article.dataset.id}/message`;

  const show = () => {
    const shown = article.querySelector(".wave-message");
    const duration = Number(article.querySelector("#player")?.dataset.duration);
    if (!shown || !(end.valueAsNumber > start.valueAsNumber)) return;
    shown.setAttribute("x", (WAVE_UNITS * start.valueAsNumber) / duration);
    shown.setAttribute("width", (WAVE_UNITS * (Math.min(end.valueAsNumber, duration) - start.valueAsNumber)) / duration);
  };

  const send = async (options) => {
    error.hidden = true;
    form.inert = true;
    try {
      await call(path, options);
      location.replace(location.pathname);
    } catch (problem) {
      error.textContent = problem.message;
      error.hidden = form.inert = false;
    }
  };

  form.addEventListener("input", show);
  form.addEventListener("click", (event) => {
    const here = event.target.closest("[data-here]");
    if (here) {
      form.querySelector(`#${here.dataset.here}`).value = audio.currentTime.toFixed(1);
      show();
    }
    if (event.target.closest("#window-reset")) send({ method: "DELETE" });
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const body = { start_s: start.valueAsNumber, end_s: end.valueAsNumber };
    if (form.elements.channel) body.channel = Number(form.elements.channel.value);
    send(json("PUT", body));
  });
}
