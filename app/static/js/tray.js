// One upload in the tray: sending, analysing, and its end, with a way to try again.

import { upload } from "./api.js";
import { untilFinished } from "./live.js";
import { isPending, stageSentence } from "./stages.js";

const tray = document.querySelector("#tray");
const mold = document.querySelector("#tray-item");

export class Upload {
  constructor(file, form) {
    this.file = file;
    this.form = form;
    this.item = mold.content.firstElementChild.cloneNode(true);
    this.part("name").textContent = file.name;
    this.part("dismiss").addEventListener("click", () => this.item.remove());
    tray.append(this.item);
  }

  part(name) {
    return this.item.querySelector(`.tray-${name}`);
  }

  say(sentence) {
    this.part("state").textContent = sentence;
  }

  /** Sends until it is accepted; null when it was refused and the reader gave up. */
  send() {
    return this.untilGivenUp(() => this.sendOnce());
  }

  /** Sends and waits for the report; null when there is none and the reader gave up. */
  sendAndWait() {
    return this.untilGivenUp(async () => this.finished(await this.sendOnce()));
  }

  async untilGivenUp(attempt) {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        if (!(await this.failed(error.message))) return null;
      }
    }
  }

  async sendOnce() {
    const progress = this.part("progress");
    progress.hidden = false;
    progress.value = 0;
    this.say("Sending…");
    return upload("/v1/voicemails", this.form, (share) => (progress.value = Math.round(100 * share)));
  }

  async finished(voicemail) {
    this.part("progress").removeAttribute("value");
    const ended = isPending(voicemail) ? await untilFinished(voicemail.id, (now) => this.say(`${stageSentence(now)}…`)) : voicemail;
    if (ended?.status === "done") return ended;
    throw new Error(ended?.error?.message ?? "This recording could not be analysed.");
  }

  failed(sentence) {
    const [error, actions, progress] = [this.part("error"), this.part("actions"), this.part("progress")];
    this.say("");
    error.textContent = sentence;
    error.hidden = actions.hidden = false;
    progress.hidden = true;
    return new Promise((resolve) => {
      this.part("retry").addEventListener("click", () => resolve(true), { once: true });
      this.part("dismiss").addEventListener("click", () => resolve(false), { once: true });
    }).then((again) => {
      error.hidden = actions.hidden = true;
      return again;
    });
  }
}
