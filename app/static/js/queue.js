// Many uploads: a few at a time, what they come to together, and all that failed tried again at once.

const AT_ONCE = 3;
const part = (id) => document.querySelector(`#${id}`);
const [total, counted, sum, retryAll] = ["tray-total", "tray-count", "tray-sum", "retry-all"].map(part);
const plural = (count, one, many) => `${count} ${count === 1 ? one : many}`;

export class UploadQueue {
  /** `onAccepted` gets each voicemail the service took; `say` tells readers who cannot see it. */
  constructor(onAccepted, say) {
    Object.assign(this, { onAccepted, say, waiting: [], failed: new Set(), sending: new Set(), done: 0, doneBytes: 0, allBytes: 0 });
    retryAll.addEventListener("click", () => this.again([...this.failed].filter(({ canRetry }) => canRetry)));
    addEventListener("beforeunload", (event) => this.busy && event.preventDefault());
  }

  get busy() {
    return this.waiting.length + this.sending.size > 0;
  }

  add(uploads) {
    if (!this.busy) [this.done, this.doneBytes, this.allBytes] = [0, 0, 0];
    for (const upload of uploads) {
      this.allBytes += upload.file.size;
      upload.onAgain(() => this.again([upload]));
      upload.onDismiss(() => this.forget(upload));
    }
    this.waiting.push(...uploads);
    this.fill();
  }

  again(uploads) {
    for (const upload of uploads) {
      this.failed.delete(upload);
      this.allBytes += upload.file.size;
    }
    this.waiting.push(...uploads);
    this.fill();
  }

  forget(upload) {
    this.failed.delete(upload);
    this.show();
  }

  fill() {
    while (this.sending.size < AT_ONCE && this.waiting.length) this.hand(this.waiting.shift());
    this.show();
  }

  async hand(upload) {
    this.sending.add(upload);
    try {
      const accepted = await upload.send(() => this.show());
      this.done += 1;
      this.doneBytes += upload.file.size;
      upload.item.remove();
      this.onAccepted(accepted);
    } catch (error) {
      upload.failed(error);
      this.failed.add(upload);
      this.allBytes -= upload.file.size;
    }
    this.sending.delete(upload);
    this.fill();
    if (!this.busy) this.say(this.summary());
  }

  summary() {
    const parts = [`${plural(this.done, "recording", "recordings")} handed in`];
    if (this.busy) parts.push(`${this.waiting.length + this.sending.size} to go`);
    if (this.failed.size) parts.push(`${this.failed.size} failed`);
    return `${parts.join(", ")}.`;
  }

  show() {
    const sent = [...this.sending].reduce((bytes, { file, share }) => bytes + share * file.size, this.doneBytes);
    const hopeful = [...this.failed].filter(({ canRetry }) => canRetry).length;
    total.hidden = !this.busy && !this.failed.size;
    sum.hidden = !this.busy;
    sum.value = this.allBytes ? Math.round((100 * sent) / this.allBytes) : 0;
    counted.textContent = this.summary();
    retryAll.hidden = hopeful < 2;
    retryAll.textContent = `Try all ${hopeful} again`;
  }
}
