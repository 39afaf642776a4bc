"""Broken, lying and hostile recordings, the same ones at every run: `every_hostile_input()`.

Each file of `whole_files()` is cut, renamed, spoilt and emptied; the rest is written by hand.
"""

import io
import itertools
import random
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import av
import numpy as np

from analysis.audio.decode import decode
from tests import sounds
from tests.conftest import SAMPLES
from tests.sounds import WavFormat, encoded, silence, tone, wav, wav16

# The ending a file would have, then container and codec as FFmpeg names them.
FORMATS = [
    *(("wav", "wav", codec) for codec in "pcm_u8 pcm_s16le pcm_s24le pcm_f32le pcm_f64le pcm_mulaw pcm_alaw".split()),
    *(("wav", "wav", codec) for codec in "adpcm_ms adpcm_ima_wav adpcm_yamaha g722 g726 libmp3lame".split()),
    *((end, "mov", codec) for end, codec in [("mov", "pcm_mulaw"), ("mov", "adpcm_ima_qt"), ("m4a", "alac")]),
    *(("mp4", "mp4", codec) for codec in ("aac", "libmp3lame", "libopus")),
    *(("mka", "matroska", codec) for codec in ("pcm_s16le", "aac", "libopus")),
    *((end, end, codec) for end, codec in [("aiff", "pcm_s16be"), ("au", "pcm_mulaw"), ("caf", "alac")]),
    *((end, end, codec) for end, codec in [("w64", "pcm_s16le"), ("voc", "pcm_u8"), ("wv", "wavpack")]),
    *((end, end, codec) for end, codec in [("tta", "tta"), ("flac", "flac")]),
    *((end, end, codec) for end, codec in [("mp3", "libmp3lame"), ("ogg", "libopus"), ("amr", "libopencore_amrnb")]),
    *((end, end, codec) for end, codec in [("ac3", "ac3"), ("rm", "ac3"), ("webm", "libopus"), ("mpeg", "mp2")]),
    ("aac", "adts", "aac"), ("ts", "mpegts", "mp2"), ("3gp", "3gp", "libopencore_amrnb"),
]  # fmt: skip
RATES_HZ = {"libopencore_amrnb": 8000, "g726": 8000, "libopus": 48_000, "ac3": 48_000, "mp2": 48_000}
ENDINGS = ["wav", "mp3", "m4a", "ogg", "gsm", "amr", "sln", "txt"]
HTML = b"<!doctype html><html><head><title>404 Not Found</title></head><body>No such call.</body></html>" * 40
TEN_HOURS_S = 36_000


@dataclass(frozen=True)
class Hostile:
    name: str  # of the case
    filename: str
    data: bytes


def every_hostile_input() -> Iterator[Hostile]:
    for cases in (spoilt_files, other_files, odd_samples, odd_headers, lying_lengths, long_silences, odd_structures):
        yield from cases()


@cache
def whole_files() -> dict[str, Hostile]:
    """Two seconds of speech in every container and codec; by name."""
    files = {}
    for ending, container, codec in FORMATS:
        rate_hz = RATES_HZ.get(codec, 16_000)
        data = encoded(speech(rate_hz), container, codec, rate_hz)
        name = f"{container}-{codec}"
        files[name] = Hostile(name, f"call.{ending}", data)
    by_hand = [Hostile("gsm", "call.gsm", sounds.gsm(2)), Hostile("wav49", "call.wav", sounds.gsm_wav(2))]
    return files | {one.name: one for one in by_hand}


@cache
def speech(rate_hz: int) -> sounds.Samples:
    heard = decode(SAMPLES / "04-just-checking-in.wav").samples[0][16_000:48_000]
    at = np.arange(2 * rate_hz) * 16_000 / rate_hz
    return np.interp(at, np.arange(heard.size), heard).astype(np.float32)


def spoilt_files() -> Iterator[Hostile]:
    """Every format cut at every tenth, under a wrong name, with its payload or some bytes of it made random."""
    for name, whole in whole_files().items():
        size, chance = len(whole.data), random.Random(name)
        for tenth in range(1, 10):
            yield Hostile(f"{name} cut at {tenth}0 %", whole.filename, whole.data[: size * tenth // 10])
        for ending in chance.sample(ENDINGS, 2):
            yield Hostile(f"{name} named .{ending}", f"call.{ending}", whole.data)
        for header in (64, 400):
            noise = whole.data[:header] + chance.randbytes(max(0, size - header))
            yield Hostile(f"{name} random after {header} bytes", whole.filename, noise)
        for place, end in (("header", min(size, 200)), ("body", size)):
            changed = bytearray(whole.data)
            for at in chance.sample(range(end), 12):
                changed[at] = chance.randrange(256)
            yield Hostile(f"{name} with 12 bytes of its {place} changed", whole.filename, bytes(changed))
        yield Hostile(f"{name} twice", whole.filename, whole.data * 2)
        yield Hostile(f"{name} behind 600 zeros", whole.filename, bytes(600) + whole.data)


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("call.wav"), wav16(tone(440, 1)))
    return file.getvalue()


def other_files() -> Iterator[Hostile]:
    """What is no recording, under the names of recordings."""
    kinds = {
        "nothing": b"",
        "one zero": b"\0",
        "zeros": bytes(5000),
        "HTML": HTML,
        "ZIP": zipped(),
        "PDF": b"%PDF-1.7\n" + HTML,
        "PNG": b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(80),
        "ELF": b"\x7fELF\x02\x01\x01" + bytes(500),
        "JSON": b'{"error": "recording expired"}',
        "HLS": b"#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
        "ffconcat": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
        "noise": random.Random("noise").randbytes(20_000),
    }
    for (kind, data), ending in itertools.product(kinds.items(), ENDINGS):
        yield Hostile(f"{kind} named .{ending}", f"call.{ending}", data)


def odd_samples() -> Iterator[Hostile]:
    """Floats that are no sound, and files that hold no sample at all."""
    for bits, odd in itertools.product((32, 64), (np.nan, np.inf, -np.inf, 1e-40, 3e38, -1e6)):
        for share in (1, 100):
            floats = np.array(tone(440, 1), dtype=f"<f{bits // 8}")
            floats[::share] = odd
            yield Hostile(f"{bits} bit, one in {share} {odd}", "call.wav", wav(floats.tobytes(), WavFormat(3, bits)))
    for ending, container, codec in FORMATS:
        try:
            data = encoded(np.zeros((1, 0), np.float32), container, codec, RATES_HZ.get(codec, 16_000))
        except (av.error.FFmpegError, ValueError):
            continue  # this encoder writes no empty file
        yield Hostile(f"{container}-{codec} of zero samples", f"call.{ending}", data)


def odd_headers() -> Iterator[Hostile]:
    """WAV headers no recorder writes, one number at a time, and some together."""
    payload = random.Random("payload").randbytes(64_000)
    for rate_hz, (code, bits) in itertools.product(
        (0, 1, 999, 768_000, 768_001, 2**31 - 1, 2**32 - 1), ((1, 16), (3, 32), (7, 8), (2, 4), (0x31, 0))
    ):
        yield Hostile(f"{rate_hz} Hz, code {code}", "call.wav", wav(payload, WavFormat(code, bits, 1, rate_hz)))
    for channels, (code, bits) in itertools.product(
        (0, 2, 8, 63, 64, 65, 255, 65_535), ((1, 16), (3, 32), (6, 8), (2, 4))
    ):
        form = WavFormat(code, bits, channels, block_bytes=max(1, channels * bits // 8) & 0xFFFF)
        yield Hostile(f"{channels} channels, code {code}", "call.wav", wav(payload, form))
    for bits, block_bytes in itertools.product((0, 1, 7, 33, 65_535), (0, 1, 65_535)):
        form = WavFormat(1, bits, block_bytes=block_bytes)
        yield Hostile(f"{bits} bits in blocks of {block_bytes}", "call.wav", wav(payload, form))
    for code in (0x02, 0x11, 0x16, 0x22, 0x45, 0x50, 0x55, 0x61, 0x75, 0x160, 0x161, 0x162, 0x270, 0x2000, 0xFF, 0xA109,
                 0xF1AC, 0x566F, 0xFFFE, 0x7ABC):  # fmt: skip
        form = WavFormat(code, 16, 2, 44_100, 4, extra=bytes(22))
        yield Hostile(f"random bytes in WAV code {code:#x}", "call.wav", wav(payload, form))


def lying_lengths() -> Iterator[Hostile]:
    """Ten hours declared in one kilobyte."""
    for code, bits in ((1, 16), (7, 8), (3, 32), (2, 4)):
        form = WavFormat(code, bits, rate_hz=8000)
        ten_hours = wav(bytes(1000), form, declared_bytes=TEN_HOURS_S * 8000 * max(1, bits // 8))
        yield Hostile(f"ten hours declared in a kilobyte of WAV code {code}", "call.wav", ten_hours)
        yield Hostile(f"2³²-1 bytes of WAV code {code}", "call.wav", wav(bytes(1000), form, declared_bytes=2**32 - 1))
    for name, whole in whole_files().items():
        chance = random.Random(f"length {name}")
        for number in (0, 0x7FFFFFFF, 0xFFFFFFFF):
            changed = bytearray(whole.data)
            for at in chance.sample(range(4, min(120, len(changed) - 4), 2), 3):
                struct.pack_into("<I", changed, at, number)
            yield Hostile(f"{name} with {number:#x} in its header", whole.filename, bytes(changed))


def long_silences() -> Iterator[Hostile]:
    """Little files that decode to hours, and some that decode to more than a processor can do in the time."""
    yield Hostile("an hour of silence in FLAC", "call.flac", encoded(silence(3600, 8000), "flac", "flac", 8000))
    yield Hostile("an hour of silence in WavPack", "call.wv", encoded(silence(3600, 8000), "wv", "wavpack", 8000))
    yield Hostile("ten hours of silence in AMR", "call.amr", b"#!AMR\n" + b"\x7c" * (50 * TEN_HOURS_S))
    for ending, container, codec, rate_hz in [("mp3", "mp3", "libmp3lame", 48_000), ("aac", "adts", "aac", 96_000),
                                              ("ac3", "ac3", "ac3", 48_000)]:  # fmt: skip
        second = encoded(silence(1, rate_hz), container, codec, rate_hz)
        yield Hostile(f"an hour of silence in {codec}", f"call.{ending}", second * 3600)
    for channels, rate_hz in ((1, 655_350), (8, 655_350), (2, 192_000)):
        yield Hostile(f"{channels} channels of FLAC at {rate_hz} Hz", "call.flac", endless_flac(channels, rate_hz))


def endless_flac(channels: int, rate_hz: int) -> bytes:
    """FLAC of which one frame of silence, 65 535 samples a channel in a few bytes, is repeated for an hour."""
    header = struct.pack(">HH", 65_535, 65_535) + bytes(6)
    header += (rate_hz << 44 | (channels - 1) << 41 | 15 << 36).to_bytes(8, "big") + bytes(16)
    frame = bytes([0xFF, 0xF8, 0x70, (channels - 1) << 4 | 8, 0]) + struct.pack(">H", 65_534)
    frame += bytes([crc(frame, 0x07, 8)]) + bytes(3) * channels  # a constant subframe: its kind, and one sample
    frame += crc(frame, 0x8005, 16).to_bytes(2, "big")
    return b"fLaC\x80\0\0\x22" + header + frame * (3600 * rate_hz // 65_535)


def crc(data: bytes, polynomial: int, bits: int) -> int:
    value = 0
    for byte in data:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ (polynomial if value >> (bits - 1) else 0)) & ((1 << bits) - 1)
    return value


def odd_structures() -> Iterator[Hostile]:
    """Chunks, boxes and tags in the wrong place, number or size; recordings one behind another."""
    call = wav16(tone(440, 1))
    fmt, data = call[12:36], call[36:]
    riff = b"RIFF\xff\xff\xff\x7fWAVE"
    yield Hostile("data before its format", "call.wav", riff + data + fmt)
    yield Hostile("two data chunks", "call.wav", riff + fmt + data + data)
    yield Hostile("two formats", "call.wav", riff + fmt + fmt.replace(b"\x80\x3e", b"\x40\x1f") + data)
    yield Hostile("a hundred thousand chunks", "call.wav", riff + b"JUNK\0\0\0\0" * 100_000 + fmt + data)
    yield Hostile("a chunk of 4 GB", "call.wav", riff + b"LIST\xff\xff\xff\xff" + fmt + data)
    yield Hostile("deep boxes", "call.m4a", b"\0\0\0\x18ftypM4A " + bytes(12) + nested_boxes(20_000))
    yield Hostile("an index of a billion", "call.m4a", b"\0\0\0\x18ftypM4A " + bytes(12) + index_box(10**9))
    yield Hostile(
        "deep Matroska",
        "call.mka",
        b"\x1a\x45\xdf\xa3\x80" + b"\x18\x53\x80\x67\x01" + b"\xff" * 7 + b"\x11\x4d\x9b\x74\x80" * 50_000,
    )
    mp3 = encoded(tone(440, 1), "mp3", "libmp3lame")
    yield Hostile("a tag of 256 MB", "call.mp3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f" + mp3)
    yield Hostile("ten thousand tags", "call.mp3", b"ID3\x04\0\0\0\0\0\0" * 10_000 + mp3)
    yield Hostile(
        "a tag that is no text", "call.mp3", b"ID3\x03\0\0\0\0\0\x20TIT2\0\0\0\x10\0\0\x01" + b"\xd8" * 16 + mp3
    )
    for container, codec, rates_hz in (
        ("mp3", "libmp3lame", (44_100, 16_000)),
        ("adts", "aac", (48_000, 16_000)),
        ("ogg", "libopus", (48_000, 16_000)),
        ("ac3", "ac3", (48_000, 32_000)),
    ):
        parts = [
            encoded(np.stack([tone(440, 1, hz)] * n), container, codec, hz)
            for n, hz in zip((2, 1), rates_hz, strict=True)
        ]
        yield Hostile(f"stereo, then mono at another rate in {codec}", f"call.{container}", b"".join(parts))
        yield Hostile(f"mono, then stereo at another rate in {codec}", f"call.{container}", b"".join(reversed(parts)))


def nested_boxes(depth: int) -> bytes:
    return b"".join(struct.pack(">I", 8 * (depth - level)) + b"moov" for level in range(depth))


def index_box(entries: int) -> bytes:
    inner = struct.pack(">II", 0, entries) + bytes(64)
    for kind in (b"stts", b"stbl", b"minf", b"mdia", b"trak", b"moov"):
        inner = struct.pack(">I", len(inner) + 8) + kind + inner
    return inner
