// The review of a report: agree or not with each finding, comment at a second, by mouse or by single keys.

import { call, fragment, json } from "./api.js";
import { clock, localize } from "./locale.js";

const KEYS_OFF = "afterbeep.keys-off"; // in this browser only

class Review {
  constructor(article) {
    this.article = article;
    this.path = `/v1/voicemails/${article.dataset.id}`;
    this.audio = article.querySelector("audio");
    this.changes = [...article.querySelectorAll(".change")];
    this.at = -1; // of the finding the keys go by
    article.addEventListener("submit", (event) => this.submit(event));
    article.addEventListener("keydown", (event) => {
      const leaves = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest("#review textarea");
      if (leaves) event.target.form.requestSubmit();
    });
    article.addEventListener("click", (event) => this.click(event));
    article.addEventListener("change", (event) => {
      if (event.target.id === "keys-on") localStorage.setItem(KEYS_OFF, event.target.checked ? "" : "yes");
    });
    this.audio?.addEventListener("timeupdate", () => this.showSecond());
    this.showKeys();
  }

  get section() {
    return this.article.querySelector("#review");
  }

  showKeys() {
    const box = this.section.querySelector("#keys-on");
    if (box) box.checked = localStorage.getItem(KEYS_OFF) !== "yes";
  }

  showSecond() {
    this.section.querySelector("#comment-second").textContent = clock(this.audio.currentTime);
  }

  say(sentence) {
    this.section.querySelector("#review-news").textContent = sentence;
  }

  /** Do something; what went wrong is said where the reader looks. */
  async attempt(work) {
    const error = this.section.querySelector("#review-error");
    error.hidden = true;
    try {
      return await work();
    } catch (problem) {
      error.textContent = problem.message;
      error.hidden = false;
      return null;
    }
  }

  async refresh() {
    const holder = document.createElement("template");
    holder.innerHTML = await fragment(`/voicemails/${this.article.dataset.id}/review`);
    localize(holder.content);
    const open = [...this.section.querySelectorAll("details[open]")].map((one) => one.id);
    const focused = this.section.contains(document.activeElement);
    this.section.replaceWith(holder.content);
    for (const id of open) this.section.querySelector(`#${id}`).open = true;
    if (focused) (this.changes[this.at] ?? this.section.querySelector("#comment-text")).focus();
    this.showKeys();
    if (this.audio) this.showSecond();
  }

  submit(event) {
    const form = event.target;
    const rule = form.closest(".verdict")?.dataset.rule;
    if (form.id === "comment-form") this.comment(form);
    else if (form.id === "missed-form") this.missed(form.elements.rule.value);
    else if (form.id === "example-form") this.mark({ example_of: form.elements.example_of.value }, "Noted.");
    else if (form.id === "correct-form") this.correct(form, json("PUT", { text: form.elements.text.value }));
    else if (form.classList.contains("appeal")) this.appeal(rule, form);
    else return;
    event.preventDefault();
  }

  click(event) {
    const button = event.target.closest("button");
    if (!button) return;
    if (button.dataset.agrees) this.verdict(button.closest(".change"), button.dataset.agrees === "true");
    else if (button.dataset.removeComment) this.removeComment(button.dataset.removeComment);
    else if (button.id === "review-done") this.done();
    else if (button.id === "review-open") this.mark({ reviewed: false }, "Back in the queue.");
    else if (button.id === "correct-undo") this.correct(button.form, { method: "DELETE" });
  }

  verdict(change, agrees) {
    const box = change?.querySelector(".verdict");
    if (!box) return;
    const [yes, no] = box.querySelectorAll("[data-agrees]");
    const taken = (agrees ? yes : no).getAttribute("aria-pressed") === "true";
    return this.attempt(async () => {
      const path = `${this.path}/findings/${box.dataset.rule}/verdict`;
      await call(path, taken ? { method: "DELETE" } : json("PUT", { agrees }));
      yes.setAttribute("aria-pressed", String(!taken && agrees));
      no.setAttribute("aria-pressed", String(!taken && !agrees));
      await this.refresh();
      this.say(taken ? "Taken back." : agrees ? "You agree." : "You disagree.");
    });
  }

  missed(rule) {
    if (!rule) return;
    return this.attempt(async () => {
      await call(`${this.path}/findings/${rule}/verdict`, json("PUT", { agrees: false }));
      await this.refresh();
      this.say("Noted.");
    });
  }

  comment(form) {
    const body = { text: form.elements.text.value };
    if (this.audio && form.querySelector("#comment-here").checked) body.at_s = Number(this.audio.currentTime.toFixed(1));
    return this.attempt(async () => {
      await call(`${this.path}/comments`, json("POST", body));
      await this.refresh();
      this.say("Your comment is there.");
    });
  }

  removeComment(id) {
    return this.attempt(async () => {
      await call(`${this.path}/comments/${id}`, { method: "DELETE" });
      await this.refresh();
    });
  }

  mark(body, sentence) {
    return this.attempt(async () => {
      await call(`${this.path}/review`, json("PUT", body));
      await this.refresh();
      this.say(sentence);
    });
  }

  done() {
    return this.attempt(async () => {
      await call(`${this.path}/review`, json("PUT", { reviewed: true }));
      const asked = new URLSearchParams(new URLSearchParams(location.search).get("queue") ?? ""); // How the queue was filtered.
      asked.set("done", this.article.dataset.id);
      location.assign(`/queue/next?${asked}`);
    });
  }

  async correct(form, options) {
    const error = form.querySelector(".dialog-error");
    error.hidden = true;
    try {
      await call(`${this.path}/transcript`, options);
      location.reload();
    } catch (problem) {
      error.textContent = problem.message;
      error.hidden = false;
    }
  }

  appeal(rule, form) {
    return this.attempt(async () => {
      await call(`${this.path}/findings/${rule}/appeal`, json("PUT", { text: form.elements.text.value }));
      const answer = document.createElement("p");
      answer.className = "verdict-line";
      answer.textContent = "Your coach will look at it.";
      form.closest("details").replaceWith(answer);
    });
  }

  // Keys

  move(by) {
    if (!this.changes.length) return;
    this.changes[this.at]?.classList.remove("current");
    this.at = Math.min(this.changes.length - 1, Math.max(0, this.at + by));
    const change = this.changes[this.at];
    change.classList.add("current");
    change.focus({ preventScroll: true });
    change.scrollIntoView({ block: "center" });
  }

  goodExample() {
    this.section.querySelector("#more").open = true;
    this.section.querySelector("#example-of").focus();
  }

  key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || localStorage.getItem(KEYS_OFF) === "yes") return;
    if (event.target.closest("input:not([type=range], [type=checkbox]), textarea, select, dialog")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    const change = this.changes[this.at];
    const keys = {
      j: () => this.move(1),
      k: () => this.move(-1),
      a: () => this.verdict(change, true),
      d: () => this.verdict(change, false),
      p: () => change?.querySelector("[data-play-from]")?.click(),
      c: () => this.section.querySelector("#comment-text").focus(),
      e: () => this.goodExample(),
      n: () => this.done(),
      " ": () => !event.target.closest("button, a, summary, input") && this.article.querySelector("#play")?.click(),
    };
    const act = keys[event.key];
    if (!act || (event.key === " " && event.target.closest("button, a, summary, input"))) return;
    event.preventDefault();
    act();
  }
}

let listening = null;

export function startReview(article) {
  if (!article.querySelector("#review")) return;
  const review = new Review(article);
  if (listening) document.removeEventListener("keydown", listening);
  listening = article.querySelector("#review-done") ? (event) => review.key(event) : null;
  if (listening) document.addEventListener("keydown", listening);
}
