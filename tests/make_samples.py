"""Speak the samples again and give them their telephone sound, as the JSON beside each says.

    .venv/bin/python tests/make_samples.py --speak DIR [NAME ...]

DIR holds the speaking tool: `speak.py` (or name it with --script), its `venv`, and the Kokoro-82M voices.
"""

import argparse
import json
import re
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
SAMPLES = Path(__file__).parent.parent / "samples"
EDGE_S = 0.4


def resampled(path: Path, rate_hz: int) -> Samples:
    """The sound of a file as mono floats at `rate_hz`."""
    resampler = av.AudioResampler("flt", "mono", rate_hz)
    with av.open(str(path)) as container:
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
    frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float32)


def spoken(sample: dict[str, Any], speak: list[str], rate_hz: int) -> Samples:
    """The text in its voice. With `pause_s` each sentence is spoken alone and silence put between them."""
    pause_s: float = sample["sound"].get("pause_s", 0)
    parts = re.split(r"(?<=[.?!])\s+", sample["text"]) if pause_s else [sample["text"]]
    gap = np.zeros(round(pause_s * rate_hz), np.float32)
    edge = np.zeros(round(EDGE_S * rate_hz), np.float32)
    pieces = [edge]
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "part.wav"
        voice = ["--voice", sample["voice"], "--speed", str(sample["speed"]), "--out", str(out)]
        for number, part in enumerate(parts):
            subprocess.run([*speak, *voice, part], check=True)
            pieces += [gap, resampled(out, rate_hz)] if number else [resampled(out, rate_hz)]
    return np.concatenate([*pieces, edge])


def line_noise(length: int, seed: int) -> Samples:
    """Steady noise of unit power, louder towards the bass, as a room or a line makes it."""
    spectrum = np.fft.rfft(np.random.default_rng(seed).standard_normal(length))
    noise = np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1)), length)
    noise /= np.sqrt(np.mean(noise**2))
    return np.asarray(noise, np.float32)


def on_the_line(speech: Samples, sound: dict[str, Any], seed: int) -> Samples:
    """Speech at its level with noise `snr_db` below it, shaped (channels, samples)."""
    loud = speech[np.abs(speech) > 0.02 * np.abs(speech).max()]
    noise_level = np.sqrt(np.mean(loud**2)) * 10 ** (-sound["snr_db"] / 20)
    noisy = speech + noise_level * line_noise(len(speech), seed)
    heard = noisy * 10 ** (sound["peak_dbfs"] / 20) / np.abs(noisy).max()
    silent = np.zeros_like(heard)
    sides = {"left": [silent, heard], "right": [heard, silent], None: [heard]}
    return np.stack(sides[sound.get("silent_channel")]).astype(np.float32)


def encode(channels: Samples, sound: dict[str, Any], out: Path) -> None:
    """Write with the codec of `sound`; the suffix of `out` chooses the container."""
    layout = "stereo" if len(channels) == 2 else "mono"
    with av.open(str(out), "w", options={"fflags": "+bitexact"}) as container:
        stream = container.add_stream(sound["codec"], rate=sound["rate_hz"], layout=layout)
        if "bit_rate_bps" in sound:
            stream.bit_rate = sound["bit_rate_bps"]
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(channels), "fltp", layout)
        frame.sample_rate = sound["rate_hz"]
        for packet in [*stream.encode(frame), *stream.encode(None)]:
            container.mux(packet)


def make(description: Path, speak: list[str]) -> Path:
    sample = json.loads(description.read_text("utf-8"))
    sound = sample["sound"]
    speech = spoken(sample, speak, sound["rate_hz"])
    out = description.with_suffix("." + sound["container"])
    encode(on_the_line(speech, sound, seed=len(sample["text"])), sound, out)
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--speak", type=Path, required=True, metavar="DIR", help="folder of voices and their venv")
    parser.add_argument("--script", type=Path, metavar="FILE", help="the speaking tool (default: DIR/speak.py)")
    parser.add_argument("names", nargs="*", metavar="NAME", help="stems or their beginnings; all when none is given")
    args = parser.parse_args()
    script = args.script or args.speak / "speak.py"
    speak = [str(args.speak / "venv/bin/python"), str(script), "--dir", str(args.speak)]
    wanted = tuple(args.names) or ("",)
    for description in sorted(SAMPLES.glob("*.json")):
        if description.stem.startswith(wanted):
            out = make(description, speak)
            print(f"{out.name}  {out.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
