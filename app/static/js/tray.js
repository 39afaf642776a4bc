// One upload in the tray: sending, analysing, and its end, with a way to try again where that can help.

import { upload } from "./api.js";
import { untilFinished } from "./live.js";
import { isPending, stageSentence } from "./stages.js";

const tray = document.querySelector("#tray");
const mold = document.querySelector("#tray-item");

export class Upload {
  constructor(file, form) {
    this.file = file;
    this.form = form;
    this.key = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`; // Sent again, it is still the same recording.
    this.share = 0;
    this.item = mold.content.firstElementChild.cloneNode(true);
    this.part("name").textContent = file.name;
  }

  part(name) {
    return this.item.querySelector(`.tray-${name}`);
  }

  say(sentence) {
    this.part("state").textContent = sentence;
  }

  onAgain(act) {
    this.part("retry").addEventListener("click", act);
  }

  onDismiss(act) {
    this.part("dismiss").addEventListener("click", () => {
      this.item.remove();
      act();
    });
  }

  /** Sends the recording. Resolves with what the service made of it, or throws. */
  async send(onProgress = () => {}) {
    const progress = this.part("progress");
    for (const name of ["error", "actions"]) this.part(name).hidden = true;
    progress.hidden = false;
    progress.value = 0;
    this.say("Sending…");
    tray.append(this.item);
    const show = (share) => {
      this.share = share;
      progress.value = Math.round(100 * share);
      onProgress();
    };
    return upload("/v1/voicemails", this.form, show, { "Idempotency-Key": this.key });
  }

  /** Waits for the report of what was sent, or throws. */
  async finished(voicemail) {
    this.part("progress").removeAttribute("value");
    const ended = isPending(voicemail) ? await untilFinished(voicemail.id, (now) => this.say(`${stageSentence(now)}…`)) : voicemail;
    if (ended?.status === "done") return ended;
    throw Object.assign(new Error(ended?.error?.message ?? "This recording could not be analysed."), { final: true });
  }

  /** Says why it failed. A file that was refused for what it is will be refused again. */
  failed({ message, status, final }) {
    const [error, retry] = [this.part("error"), this.part("retry")];
    this.share = 0;
    this.canRetry = !final && (!status || status >= 500 || status === 408 || status === 429);
    this.say("");
    error.textContent = message;
    error.hidden = this.part("actions").hidden = false;
    retry.hidden = !this.canRetry;
    this.part("progress").hidden = true;
  }
}
