// How long the playbook lets a message be, and how long this one is so far.

const UNITS = 1000; // The width of the drawing.
const root = document.querySelector("#length");
const part = (name) => root.querySelector(`#length-${name}`);

export class LengthBar {
  show(band) {
    this.band = band;
    this.whole = Math.max(band.most_s * 1.25, band.most_s + 5);
    this.place("allowed", band.least_s, band.most_s);
    this.place("target", band.target_from_s, band.target_to_s);
    part("aim").textContent = `Aim for ${band.target_from_s} to ${band.target_to_s} s; at most ${band.most_s} s`;
    this.move(0);
  }

  place(name, from, to) {
    part(name).setAttribute("x", (from / this.whole) * UNITS);
    part(name).setAttribute("width", ((to - from) / this.whole) * UNITS);
  }

  move(seconds) {
    part("now").setAttribute("width", Math.min(1, seconds / this.whole) * UNITS);
    const [at, words] = this.verdict(seconds);
    if (root.dataset.at === at) return;
    root.dataset.at = at;
    part("said").textContent = words;
  }

  verdict(seconds) {
    const { least_s, most_s, target_from_s, target_to_s } = this.band;
    if (seconds === 0) return ["none", ""];
    if (seconds > most_s) return ["over", "Too long: wrap up"];
    if (seconds > target_to_s) return ["late", "Time to close"];
    if (seconds >= target_from_s) return ["target", "Right length"];
    return seconds < least_s ? ["short", "Still short"] : ["allowed", "Nearly there"];
  }
}
