// Practising: find the microphone, count down, record, listen, send. The page is always in one phase:
// opening, blocked, ready, counting, recording, then heard or useless, sending, and unsent if that failed.

import { sleep, upload } from "./api.js";
import { LengthBar } from "./length.js";
import { clock as clockOf } from "./locale.js";
import { Microphone, sentenceFor, whyImpossible } from "./microphone.js";
import { recallForm, rememberForm, scriptText } from "./rehearsal.js";
import { Take } from "./take.js";

const SHORTEST_S = 1;
const UNHEARD_AFTER_S = 3;
const SECOND_MS = 1000;
const BEEP_S = 0.18;
const part = (id) => document.querySelector(`#${id}`);
const [studio, form] = [part("studio"), part("record-form")];
const [audio, level, clock, sent, trouble, chooser] = ["take", "level", "clock", "sent", "trouble", "microphone"].map(part);
const bands = JSON.parse(studio.dataset.bands);
const longestS = Number(studio.dataset.longestS);
const bar = new LengthBar();
const phase = () => studio.dataset.phase;

let microphone = null;
let take = null;
let count = 0;

/** Change the phase: its sentence, its buttons, and the focus on the one that goes on. */
function enter(name, sentence, { next = null, news = "" } = {}) {
  studio.dataset.phase = name;
  part("say").textContent = sentence;
  for (const button of studio.querySelectorAll("[data-in]")) button.hidden = !button.dataset.in.split(" ").includes(name);
  const reviewing = ["heard", "useless", "unsent", "sending"].includes(name);
  audio.hidden = !reviewing;
  sent.hidden = name !== "sending";
  level.parentElement.hidden = reviewing;
  trouble.hidden = true;
  part("news").textContent = news;
  if (next) part(next).focus({ preventScroll: true });
}

function warn(sentence) {
  trouble.textContent = sentence;
  trouble.hidden = false;
}

async function open(id) {
  microphone?.close();
  microphone = null;
  const impossible = whyImpossible();
  if (impossible) return block(impossible);
  enter("opening", "Your browser may ask whether this page can use your microphone. Please allow it.");
  try {
    microphone = await Microphone.open(id);
  } catch (error) {
    return block(sentenceFor(error));
  }
  microphone.track.addEventListener("ended", lost);
  await showMicrophones();
  return true;
}

function block(sentence) {
  enter("blocked", "Recording is not possible yet.", { next: "ask" });
  warn(sentence);
  return false;
}

function lost() {
  const recorded = phase() === "recording";
  microphone = null;
  if (recorded) stop("The microphone went away. What it heard until then is kept.");
  else if (["ready", "counting"].includes(phase())) block("The microphone went away. Plug it in again or choose another, then try again.");
}

async function showMicrophones() {
  const all = await Microphone.all();
  chooser.replaceChildren(...all.map(({ deviceId, label }, at) => new Option(label || `Microphone ${at + 1}`, deviceId)));
  chooser.value = microphone.id;
  part("microphone-field").hidden = all.length < 2;
}

function ready(options = { next: "start" }) {
  clock.textContent = "0:00";
  bar.move(0);
  enter("ready", "Say something: the bar moves when you are heard. Then start, and speak after the beep.", options);
}

async function countDown() {
  take?.forget();
  take = null;
  chooser.disabled = true;
  bar.move(0);
  const mine = ++count;
  enter("counting", "Imagine their greeting. You speak after the beep.", { next: "wait", news: "Recording starts in three seconds, after a beep." });
  for (const left of [3, 2, 1]) {
    clock.textContent = left;
    await sleep(SECOND_MS);
    if (mine !== count || phase() !== "counting") return;
  }
  await beep();
  if (mine === count && phase() === "counting") record();
}

/** What the rep will hear on the telephone too. It is over before the recording begins. */
async function beep() {
  const { context } = microphone;
  if (context.state !== "running") return;
  const tone = new OscillatorNode(context, { frequency: 1000 });
  tone.connect(new GainNode(context, { gain: 0.15 })).connect(context.destination);
  const ended = new Promise((resolve) => tone.addEventListener("ended", resolve, { once: true }));
  tone.start();
  tone.stop(context.currentTime + BEEP_S);
  await Promise.race([ended, sleep(3 * BEEP_S * SECOND_MS)]);
}

function record() {
  microphone.forget();
  take = new Take(microphone.stream);
  take.start();
  enter("recording", "Speak now.", { next: "stop" }); // No news: a screen reader's voice would be recorded.
}

async function stop(why = null) {
  const { silent } = microphone ?? { silent: false };
  await take.stop();
  chooser.disabled = false;
  audio.src = take.url;
  Object.assign(part("save"), { href: take.url, download: take.file.name });
  clock.textContent = clockOf(take.seconds);
  const lasted = `${Math.round(take.seconds)} seconds`;
  if (take.seconds < SHORTEST_S || take.file.size === 0) {
    enter("useless", "That was too short to judge.", { next: "again" });
    warn("Less than a second was recorded. Record again, and press Stop when you have said it all.");
  } else if (silent) {
    enter("useless", `Nothing was heard in ${lasted}.`, { next: "again" });
    warn("The microphone gave only silence. Is it muted, or is another one meant? Choose it below, then record again.");
  } else {
    enter("heard", "Listen to it, or get the report.", { next: "send", news: `Stopped after ${lasted}.` });
    if (why) warn(why);
  }
}

function discard() {
  take?.forget();
  take = null;
  audio.removeAttribute("src");
  audio.load();
  part("news").textContent = "The recording is discarded.";
  return microphone ? ready({ next: "start", news: "The recording is discarded." }) : open().then((opened) => opened && ready());
}

async function send() {
  const data = new FormData();
  for (const [name, value] of new FormData(form)) if (value.trim()) data.append(name, value.trim());
  const key = take.keyFor(data);
  data.append("file", take.file, take.file.name);
  rememberForm(form);
  enter("sending", "Sending your recording…", { news: "Sending your recording." });
  try {
    const voicemail = await upload("/v1/voicemails", data, (share) => (sent.value = Math.round(100 * share)), { "Idempotency-Key": key });
    take = null;
    location.assign(voicemail.links.page);
  } catch (error) {
    enter("unsent", "Your recording is still here.", { next: "send" });
    warn(`${error.message} Send it again, or save it to disk.`);
  }
}

function showLevel() {
  const peak = microphone?.level() ?? 0;
  const decibels = 20 * Math.log10(Math.max(peak, 1e-4));
  level.style.transform = `scaleX(${Math.max(0, 1 + decibels / 60)})`;
  level.classList.toggle("loud", peak > 0.98);
  if (phase() === "ready" && microphone?.heard) part("say").textContent = "Your microphone works. Start when you like, and speak after the beep.";
  if (phase() === "recording") {
    clock.textContent = clockOf(take.seconds);
    bar.move(take.seconds);
    part("say").textContent =
      take.seconds > UNHEARD_AFTER_S && microphone.silent ? "Nothing is heard so far. Is the right microphone on?" : "Speak now.";
    if (take.seconds >= longestS) stop("That is the longest recording this service takes.");
  }
  requestAnimationFrame(showLevel);
}

const showBand = () => bar.show(bands[form.elements.playbook.value]);
part("start").addEventListener("click", countDown);
part("wait").addEventListener("click", () => ready());
part("stop").addEventListener("click", () => stop());
part("again").addEventListener("click", async () => (microphone || (await open())) && countDown());
part("discard").addEventListener("click", discard);
part("ask").addEventListener("click", async () => (await open()) && ready());
chooser.addEventListener("change", async () => {
  const before = phase();
  if (!(await open(chooser.value))) return;
  microphone.remember();
  if (take) enter(before, "Choose “Record again” to use this microphone.", { next: "again" });
  else ready({});
});
form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (["heard", "unsent"].includes(phase())) send();
});
form.elements.playbook.addEventListener("change", showBand);
audio.addEventListener("loadedmetadata", () => {
  if (audio.duration !== Infinity) return; // Browsers write no length into what they record; the end, once sought, tells it.
  audio.addEventListener("timeupdate", () => (audio.currentTime = 0), { once: true });
  audio.currentTime = Number.MAX_SAFE_INTEGER;
});
addEventListener("pageshow", (event) => event.persisted && location.reload()); // Come back to, its microphone is closed.
addEventListener("beforeunload", (event) => take && phase() !== "sending" && event.preventDefault());

const atOnce = location.hash === "#now"; // From the first page's button: that press was the start.
if (atOnce) history.replaceState(null, "", location.pathname + location.search);
if (!form.elements.script_id) scriptText(part("script"));
recallForm(form);
showBand();
showLevel();
if (await open()) atOnce ? countDown() : ready({});
