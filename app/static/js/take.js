// One take: recorded in the first format this browser can write, kept until it is sent or thrown away.

const FORMATS = [
  ["audio/webm;codecs=opus", "webm"],
  ["audio/mp4;codecs=mp4a.40.2", "m4a"],
  ["audio/mp4", "m4a"],
  ["audio/ogg;codecs=opus", "ogg"],
  ["audio/webm", "webm"],
];
const BITS_PER_S = 96_000;
const CHUNK_MS = 1000; // So that a crash of the encoder costs a second, not the take.

export class Take {
  constructor(stream) {
    const [type, suffix] = FORMATS.find(([type]) => MediaRecorder.isTypeSupported(type)) ?? ["", "webm"];
    this.suffix = suffix;
    this.chunks = [];
    this.keys = new Map();
    this.recorder = new MediaRecorder(stream, { ...(type && { mimeType: type }), audioBitsPerSecond: BITS_PER_S });
    this.recorder.addEventListener("dataavailable", ({ data }) => data.size && this.chunks.push(data));
  }

  start() {
    this.recorder.start(CHUNK_MS);
    this.began = performance.now();
  }

  get seconds() {
    return ((this.ended ?? performance.now()) - this.began) / 1000;
  }

  async stop() {
    this.ended = performance.now();
    if (this.recorder.state !== "inactive") {
      const stopped = new Promise((resolve) => this.recorder.addEventListener("stop", resolve, { once: true }));
      this.recorder.stop();
      await stopped;
    }
    const now = new Date();
    const stamp = new Date(now - now.getTimezoneOffset() * 60_000).toISOString().slice(0, 16).replace("T", "-").replace(":", "");
    this.file = new File(this.chunks, `practice-${stamp}.${this.suffix}`, { type: this.recorder.mimeType.split(";")[0] });
    this.url = URL.createObjectURL(this.file);
  }

  /** The same key for the same take with the same answers, so that sending again never makes two of it. */
  keyFor(form) {
    const answers = JSON.stringify([...form].filter(([name]) => name !== "file"));
    if (!this.keys.has(answers)) this.keys.set(answers, crypto.randomUUID());
    return this.keys.get(answers);
  }

  forget() {
    if (this.url) URL.revokeObjectURL(this.url);
  }
}
