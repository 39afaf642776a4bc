// A microphone: opened, listened to for its level, and every refusal as a sentence that says what to do.

const WANTED = { echoCancellation: false, noiseSuppression: false, autoGainControl: true }; // The voice as it is: its pauses are measured.
const CHOSEN = "afterbeep.microphone";
const HEARD = 0.02; // Peak of full scale, about -34 dB: any voice passes it, a quiet room does not.
const REFUSALS = {
  NotAllowedError:
    "The browser may not use your microphone. Allow it with the symbol beside the address (or in the site settings), then try again.",
  NotFoundError: "No microphone was found. Plug one in or switch it on, then try again. A file from your phone works too, on the first page.",
  NotReadableError: "Another program holds the microphone. Close it there, such as a call that is still open, then try again.",
};

export function whyImpossible() {
  if (!isSecureContext)
    return "Browsers lend the microphone only to pages opened over https:// or on localhost. Ask whoever runs this service for such an address; files can be handed in on the first page all the same.";
  if (!navigator.mediaDevices?.getUserMedia || !globalThis.MediaRecorder)
    return "This browser cannot record. Please use a recent Chrome, Edge, Firefox or Safari, or hand in a file on the first page.";
  return null;
}

export const sentenceFor = (error) =>
  REFUSALS[error.name] ?? `The microphone could not be opened (${error.name || "unknown reason"}). Please choose another one or try again.`;

export class Microphone {
  /** Opens the microphone with this id, or the one chosen last, or the browser's own choice. */
  static async open(id = localStorage.getItem(CHOSEN)) {
    const ask = (deviceId) => navigator.mediaDevices.getUserMedia({ audio: deviceId ? { ...WANTED, deviceId: { exact: deviceId } } : WANTED });
    const gone = (error) => ["OverconstrainedError", "NotFoundError"].includes(error.name);
    const stream = await ask(id).catch((error) => (id && gone(error) ? ask(null) : Promise.reject(error)));
    return new Microphone(stream);
  }

  constructor(stream) {
    this.stream = stream;
    this.track = stream.getAudioTracks()[0];
    this.context = new AudioContext();
    this.analyser = new AnalyserNode(this.context, { fftSize: 2048 });
    this.samples = new Float32Array(this.analyser.fftSize);
    this.context.createMediaStreamSource(stream).connect(this.analyser);
    this.context.resume().catch(() => {});
    this.forget();
  }

  /** Loudest sample of the last 2048, 0 to 1; null where the browser does not let the page listen. */
  level() {
    if (this.context.state !== "running") return null;
    this.analyser.getFloatTimeDomainData(this.samples);
    const peak = this.samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 0);
    this.listened = true;
    this.loudest = Math.max(this.loudest, peak);
    return peak;
  }

  forget() {
    [this.loudest, this.listened] = [0, false];
  }

  /** Whether it was listened to and nothing like a voice came. */
  get silent() {
    return this.listened && this.loudest < HEARD;
  }

  get heard() {
    return this.loudest >= HEARD;
  }

  get id() {
    return this.track.getSettings().deviceId;
  }

  remember() {
    localStorage.setItem(CHOSEN, this.id);
  }

  static async all() {
    return (await navigator.mediaDevices.enumerateDevices()).filter(({ kind }) => kind === "audioinput");
  }

  close() {
    this.track.stop();
    this.context.close();
  }
}
