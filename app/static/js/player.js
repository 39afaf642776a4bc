// The recording under the waveform: native audio, seek by pointer or keyboard, play from any word or finding.

import { clock } from "./locale.js";

const SEEK_STEP_S = 2;
const WAVE_UNITS = 1000; // The width of the waveform's viewBox.

class Player {
  constructor(root, section) {
    const part = (id) => section.querySelector(`#${id}`);
    this.root = root;
    this.section = section;
    this.audio = part("audio");
    this.duration = Number(section.dataset.duration);
    [this.playButton, this.seek, this.wave, this.elapsed] = ["play", "seek", "wave", "elapsed"].map(part);
    [this.head, this.playedPart, this.error] = ["playhead", "played-part", "player-error"].map(part);
    this.words = [...root.querySelectorAll("#transcript [data-start]")].map((element) => ({
      element,
      start: Number(element.dataset.start),
      end: Number(element.dataset.end),
    }));
    this.currentWord = null;
    this.audio.removeAttribute("controls"); // From here on this script answers; without it the browser's own remain.
    section.classList.add("ready");
    this.listen();
    this.show(0);
    this.keepClear();
  }

  /** The player stays at the top while the page scrolls: what is jumped to has to stop below it. */
  keepClear() {
    new ResizeObserver(() => {
      document.documentElement.style.setProperty("--player-height", `${this.section.offsetHeight}px`);
    }).observe(this.section);
  }

  listen() {
    const { audio, seek, wave } = this;
    this.playButton.addEventListener("click", () => this.toggle());
    for (const event of ["play", "pause", "ended"]) audio.addEventListener(event, () => this.showPlaying());
    audio.addEventListener("timeupdate", () => this.show(audio.currentTime));
    audio.addEventListener("error", () => (this.error.hidden = false));
    seek.addEventListener("input", () => this.moveTo(Number(seek.value)));
    seek.addEventListener("keydown", (event) => this.key(event));
    wave.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      wave.setPointerCapture(event.pointerId);
      this.moveTo(this.secondAt(event));
    });
    wave.addEventListener("pointermove", (event) => {
      if (wave.hasPointerCapture(event.pointerId)) this.moveTo(this.secondAt(event));
    });
    this.root.addEventListener("click", (event) => {
      const button = event.target.closest("[data-play-from]");
      if (button) this.playFrom(Number(button.dataset.playFrom));
      const word = event.target.closest("#transcript [data-start]");
      if (word && getSelection().isCollapsed) this.playFrom(Number(word.dataset.start));
    });
  }

  key(event) {
    const steps = { ArrowLeft: -SEEK_STEP_S, ArrowDown: -SEEK_STEP_S, ArrowRight: SEEK_STEP_S, ArrowUp: SEEK_STEP_S };
    if (event.key === " ") this.toggle();
    else if (event.key in steps) this.moveTo(this.audio.currentTime + steps[event.key]);
    else return;
    event.preventDefault();
  }

  secondAt(event) {
    const box = this.wave.getBoundingClientRect();
    return ((event.clientX - box.left) / box.width) * this.duration;
  }

  moveTo(second) {
    const within = Math.min(Math.max(second, 0), this.duration);
    this.audio.currentTime = within;
    this.show(within);
  }

  toggle() {
    if (this.audio.paused) this.play();
    else this.audio.pause();
  }

  playFrom(second) {
    this.moveTo(second);
    this.play();
  }

  play() {
    this.audio.play().catch((error) => {
      if (error.name === "NotSupportedError") this.error.hidden = false;
    });
  }

  showPlaying() {
    const playing = !this.audio.paused && !this.audio.ended;
    this.section.classList.toggle("playing", playing);
    this.playButton.setAttribute("aria-label", playing ? "Pause" : "Play");
    if (playing) this.follow();
  }

  /** timeupdate comes four times a second; the playhead should glide. */
  follow() {
    if (this.audio.paused || !this.section.isConnected) return;
    this.show(this.audio.currentTime);
    requestAnimationFrame(() => this.follow());
  }

  show(second) {
    const x = Math.min(second / this.duration, 1) * WAVE_UNITS;
    this.head.setAttribute("d", `M${x.toFixed(1)} 0v100`);
    this.playedPart.setAttribute("width", x.toFixed(1));
    this.elapsed.textContent = clock(second);
    this.seek.value = second;
    this.seek.setAttribute("aria-valuetext", `${clock(second)} of ${clock(this.duration)}`);
    this.showWord(this.words.find((word) => second >= word.start && second < word.end)?.element ?? null);
  }

  showWord(element) {
    if (element === this.currentWord) return;
    this.currentWord?.classList.remove("now");
    element?.classList.add("now");
    this.currentWord = element;
  }
}

/** One stop of the Tab key for the whole transcript; the arrow keys walk its words. */
function walkWords(transcript, player) {
  const words = [...transcript.querySelectorAll("[data-start]")];
  if (!words.length) return;
  for (const word of words) word.tabIndex = -1;
  words[0].tabIndex = 0;
  transcript.addEventListener("keydown", (event) => {
    const at = words.indexOf(event.target);
    if (at < 0) return;
    const steps = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: words.length - 1 };
    if (event.key === "Enter" || event.key === " ") player.playFrom(Number(words[at].dataset.start));
    else if (event.key in steps) {
      const next = words[Math.min(Math.max(steps[event.key], 0), words.length - 1)];
      words[at].tabIndex = -1;
      next.tabIndex = 0;
      next.focus();
    } else return;
    event.preventDefault();
  });
}

export function startPlayer(root) {
  const section = root.querySelector("#player");
  if (!section?.querySelector("#audio")) return; // nothing to play: a masked link, or audio that was removed
  const player = new Player(root, section);
  const transcript = root.querySelector("#transcript");
  if (transcript) walkWords(transcript, player);
}
