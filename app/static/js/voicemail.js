// One recording: wait for its report without a reload, then play it; delete it when asked twice.

import { call, fragment } from "./api.js";
import { untilFinished } from "./live.js";
import { localize } from "./locale.js";
import { startPlayer } from "./player.js";
import { startReview } from "./review.js";
import { startRewrite } from "./rewrite.js";
import { startTravel } from "./travel.js";
import { startWindow } from "./window.js";

const main = document.querySelector("#main");

function showStage(stages, voicemail) {
  const current = voicemail.status === "queued" ? "queued" : (voicemail.stage ?? "decoding");
  const names = stages.map((stage) => stage.dataset.stage);
  const at = names.indexOf(current);
  stages.forEach((stage, index) => {
    stage.classList.toggle("past", index < at);
    if (index === at) stage.setAttribute("aria-current", "step");
    else stage.removeAttribute("aria-current");
  });
}

async function waitForReport(article) {
  const stages = [...article.querySelectorAll("[data-stage]")];
  const lost = article.querySelector("#lost");
  const onLost = (sentence) => {
    lost.textContent = sentence;
    lost.hidden = sentence === null;
  };
  await untilFinished(article.dataset.id, (voicemail) => showStage(stages, voicemail), onLost);
  await swapIn();
}

/** The finished page takes the waiting one's place; nothing else on the screen moves. */
async function swapIn() {
  const page = new DOMParser().parseFromString(await fragment(location.href).catch(() => ""), "text/html");
  const fresh = page.querySelector("#main");
  if (!fresh) return location.reload();
  main.replaceChildren(...fresh.childNodes);
  document.title = page.title;
  localize(main);
  start();
  main.focus({ preventScroll: true });
}

function askBeforeDeleting(article) {
  const dialog = article.querySelector("#delete-dialog");
  const error = dialog.querySelector(".dialog-error");
  const button = dialog.querySelector("#delete-now");
  article.querySelector("#delete")?.addEventListener("click", () => {
    error.hidden = true;
    dialog.showModal();
  });
  button.addEventListener("click", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      await call(`/v1/voicemails/${article.dataset.id}`, { method: "DELETE" });
      location.assign("/");
    } catch (problem) {
      error.textContent = problem.message;
      error.hidden = button.disabled = false;
    }
  });
}

/** Keep it from being deleted, or release it. */
function holdOrRelease(article) {
  const button = article.querySelector("#hold");
  button?.addEventListener("click", async () => {
    button.disabled = true;
    try {
      await call(`/v1/voicemails/${article.dataset.id}/hold`, { method: button.dataset.method });
      location.reload();
    } catch (problem) {
      const error = article.querySelector("#hold-error");
      error.textContent = problem.message;
      error.hidden = button.disabled = false;
    }
  });
}

function start() {
  const article = main.querySelector(".voicemail");
  askBeforeDeleting(article);
  holdOrRelease(article);
  startPlayer(article);
  startRewrite(article);
  startTravel(article);
  startWindow(article);
  startReview(article);
  if (article.querySelector("#waiting")) waitForReport(article);
}

start();
