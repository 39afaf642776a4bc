"""Decoding: every format a recording comes in, and nothing else."""

import contextlib
import io
import socket
import struct
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis.audio.decode import SAMPLE_RATE_HZ, decode
from models.errors import EmptyFile, NotAudio, RecordingError, TooLong
from tests import sounds
from tests.sounds import WavFormat, dominant_hz, encoded, silence, tone, wav, wav16

LOSSY_EDGES_S = 0.13  # what codecs add at the ends

FORMATS = [
    ("wav", "pcm_u8", "wav/pcm_u8", (8_000, 11_025)),
    ("wav", "pcm_s16le", "wav/pcm_s16le", (8_000, 16_000, 44_100, 96_000)),
    ("wav", "pcm_s24le", "wav/pcm_s24le", (22_050, 48_000)),
    ("wav", "pcm_s32le", "wav/pcm_s32le", (16_000, 192_000)),
    ("wav", "pcm_f32le", "wav/pcm_f32le", (16_000, 48_000)),
    ("wav", "pcm_f64le", "wav/pcm_f64le", (44_100,)),
    ("wav", "pcm_mulaw", "wav/pcm_mulaw", (8_000, 16_000)),
    ("wav", "pcm_alaw", "wav/pcm_alaw", (8_000,)),
    ("wav", "adpcm_ima_wav", "wav/adpcm_ima_wav", (8_000,)),
    ("mp3", "libmp3lame", "mp3/mp3float", (8_000, 16_000, 44_100)),
    ("ipod", "aac", "mov/aac", (16_000, 44_100)),
    ("adts", "aac", "aac/aac", (44_100,)),
    ("ogg", "libopus", "ogg/opus", (16_000, 48_000)),
    ("webm", "libopus", "matroska/opus", (48_000,)),
    ("flac", "flac", "flac/flac", (8_000, 44_100)),
]
EVERY_FORMAT = [
    pytest.param(container, codec, form, rate_hz, channels, id=f"{container}-{codec}-{rate_hz}-{channels}")
    for container, codec, form, rates_hz in FORMATS
    for rate_hz in rates_hz
    for channels in (1, 2)
]


@pytest.mark.parametrize(("container", "codec", "form", "rate_hz", "channels"), EVERY_FORMAT)
def test_every_format_rate_and_channel_count(
    container: str, codec: str, form: str, rate_hz: int, channels: int
) -> None:
    pitches_hz = (440, 660)[:channels]
    sound = decode(encoded(np.stack([tone(hz, 2, rate_hz) for hz in pitches_hz]), container, codec, rate_hz))
    opus_rate_hz = 48_000 if codec == "libopus" else rate_hz  # Opus always plays at 48 kHz
    assert sound.samples.dtype == np.float32
    assert (sound.recording.format, sound.recording.channels) == (form, channels)
    assert sound.recording.sample_rate_hz == opus_rate_hz
    assert sound.recording.duration_s == pytest.approx(sound.duration_s, abs=0.001)
    assert sound.duration_s == pytest.approx(2, abs=LOSSY_EDGES_S)
    for channel, hz in zip(sound.samples, pitches_hz, strict=True):
        assert dominant_hz(channel) == pytest.approx(hz, abs=1)
        assert np.std(channel[8000:24_000]) == pytest.approx(0.5 / np.sqrt(2), rel=0.1)


def test_amr() -> None:
    sound = decode(encoded(tone(440, 2, 8000), "amr", "libopencore_amrnb", 8000))
    assert (sound.recording.format, sound.recording.sample_rate_hz) == ("amr/amrnb", 8000)
    assert sound.duration_s == pytest.approx(2, abs=LOSSY_EDGES_S)
    assert dominant_hz(sound.samples[0]) == pytest.approx(440, abs=1)


def test_amr_written_by_hand() -> None:
    sound = decode(b"#!AMR\n" + (b"\x3c" + bytes(31)) * 100)
    assert sound.recording.format == "amr/amrnb"
    assert sound.duration_s == pytest.approx(2, abs=0.02)


@pytest.mark.parametrize(
    ("data", "filename", "form"),
    [
        (sounds.gsm(2), "call.gsm", "gsm/gsm"),
        (sounds.gsm(2), "call.wav", "gsm/gsm"),
        (sounds.gsm_wav(2), "call.wav", "wav/gsm_ms"),
    ],
)
def test_gsm(data: bytes, filename: str, form: str) -> None:
    sound = decode(data, filename=filename)
    assert (sound.recording.format, sound.recording.sample_rate_hz) == (form, 8000)
    assert sound.duration_s == pytest.approx(2, abs=0.05)
    assert dominant_hz(sound.samples[0]) % 200 == pytest.approx(0, abs=1)
    assert np.abs(sound.samples).max() > 0.01


@pytest.mark.parametrize("name", ["call.mp3", "call", "call.txt", "call.gsm", "call.amr", "ÅÄÖ “call”.wav"])
def test_a_wrong_name_does_not_matter(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(encoded(tone(440, 1), "flac", "flac"))
    sound = decode(path)
    assert (sound.recording.filename, sound.recording.format) == (name, "flac/flac")


def test_path_and_bytes_give_the_same(tmp_path: Path) -> None:
    data = wav16(tone(440, 1))
    path = tmp_path / "call.wav"
    path.write_bytes(data)
    from_path, from_bytes = decode(path), decode(data, filename="call.wav")
    assert from_path.recording == from_bytes.recording
    assert np.array_equal(from_path.samples, from_bytes.samples)


# ------------------------------------------------------------------------------ odd recordings


@pytest.mark.parametrize("rate_hz", [8_000, 16_000, 44_100])
@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf, 1e30, 50.0])
def test_impossible_samples_spoil_only_their_surroundings(rate_hz: int, odd: float) -> None:
    clean = tone(440, 2, rate_hz)
    spoilt = clean.copy()
    spoilt[4000] = odd
    expected, sound = (decode(wav(part.tobytes(), WavFormat(3, 32, 1, rate_hz))) for part in (clean, spoilt))
    assert np.isfinite(sound.samples).all()
    assert np.abs(sound.samples).max() <= 1
    assert np.sum(np.abs(sound.samples - expected.samples) > 0.01) < 0.005 * SAMPLE_RATE_HZ


PCM_CODECS = ["pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_mulaw", "pcm_alaw"]


@pytest.mark.parametrize("codec", PCM_CODECS)
def test_clipping_is_counted_before_resampling(codec: str) -> None:
    overdriven = np.clip(tone(437, 2, 8000, peak=1.5), -1, 1)
    clipped_share = float(np.mean(np.abs(overdriven) >= 1))
    assert decode(encoded(overdriven, "wav", codec, 8000)).clipped_share == pytest.approx(clipped_share, abs=0.03)


@pytest.mark.parametrize("codec", PCM_CODECS)
def test_a_loud_recording_is_not_clipped(codec: str) -> None:
    assert decode(encoded(tone(437, 2, 8000, peak=0.95), "wav", codec, 8000)).clipped_share == 0


@pytest.mark.parametrize("channels", [3, 7, 8, 9, 16, 64])
def test_many_channels(channels: int) -> None:
    data = np.stack([tone(200 + 20 * channel, 0.5) for channel in range(channels)])
    sound = decode(wav16(data))
    assert sound.recording.channels == channels
    assert [dominant_hz(channel) for channel in sound.samples] == pytest.approx(
        [200 + 20 * channel for channel in range(channels)], abs=2
    )


@pytest.mark.parametrize(("container", "codec", "layout"), [("flac", "flac", "s16"), ("ogg", "libopus", "flt")])
def test_surround_sound(container: str, codec: str, layout: str) -> None:
    """Eight channels in planes of their own: PyAV alone would end the process here."""
    data = np.stack([tone(200 + 50 * channel, 1, 48_000) for channel in range(8)])
    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream = output.add_stream(codec, rate=48_000, layout="7.1")
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(data.T.reshape(1, -1)), "flt", "7.1")
        frame.sample_rate = 48_000
        for converted in av.AudioResampler(layout, "7.1", 48_000).resample(frame):
            output.mux(stream.encode(converted))
        output.mux(stream.encode(None))
    sound = decode(file.getvalue())
    assert sound.recording.channels == 8
    assert dominant_hz(sound.samples[0]) == pytest.approx(200, abs=2)


def test_more_channels_than_any_recorder_has() -> None:
    with pytest.raises(NotAudio):
        decode(wav16(np.zeros((65, 8000), np.float32)))


def test_many_channels_may_not_fill_the_memory() -> None:
    with pytest.raises(TooLong):
        decode(wav16(np.zeros((64, 16_000), np.float32)), max_duration_s=4)


@pytest.mark.parametrize(("rate_hz", "reads"), [(0, False), (1, False), (999, False), (1000, True), (768_000, True),
                                                (768_001, False), (2**31 - 1, False), (2**32 - 1, False)])  # fmt: skip
def test_odd_sample_rates(rate_hz: int, reads: bool) -> None:
    data = wav(bytes(64_000), WavFormat(1, 16, 1, rate_hz))
    if reads:
        assert decode(data).duration_s == pytest.approx(32_000 / rate_hz, abs=0.01)
    else:
        with pytest.raises(NotAudio):
            decode(data)


@pytest.mark.parametrize(("container", "codec"), [("mp3", "libmp3lame"), ("adts", "aac"), ("ac3", "ac3")])
@pytest.mark.parametrize("channels", [(2, 1), (1, 2)])
def test_another_recording_behind_the_first_is_heard_too(container: str, codec: str, channels: tuple[int, int]) -> None:
    """As when a telephone exchange appends: the rate and the channels change in the middle."""
    first, second = (
        encoded(np.stack([tone(hz, 2, rate_hz)] * count), container, codec, rate_hz)
        for hz, rate_hz, count in zip((440, 660), (48_000, 32_000), channels, strict=True)
    )
    sound = decode(first + second)
    assert (sound.recording.channels, sound.recording.sample_rate_hz) == (channels[0], 48_000)
    assert sound.duration_s == pytest.approx(4, abs=2 * LOSSY_EDGES_S)
    assert dominant_hz(sound.samples[0][8000:24_000]) == pytest.approx(440, abs=1)
    assert dominant_hz(sound.samples[-1][40_000:56_000]) == pytest.approx(660, abs=1)


# ------------------------------------------------------------------------------ how long


def test_ten_hours_declared_in_one_kilobyte() -> None:
    sound = decode(wav(bytes(1000), WavFormat(1, 16, 1, 8000), declared_bytes=10 * 3600 * 16_000))
    assert sound.duration_s == pytest.approx(500 / 8000, abs=0.01)


def test_eleven_minutes_in_a_small_file_are_too_long_and_soon_known() -> None:
    data = encoded(silence(660, 8000), "flac", "flac", 8000)
    assert len(data) < 200_000
    started_s = time.perf_counter()
    with pytest.raises(TooLong, match="10 minutes"):
        decode(data, filename="call.flac")
    assert time.perf_counter() - started_s < 10


def test_the_limit_itself_is_allowed() -> None:
    assert decode(wav16(tone(440, 3)), max_duration_s=3).duration_s == 3
    with pytest.raises(TooLong):
        decode(wav16(tone(440, 3.01)), max_duration_s=3)


# ------------------------------------------------------------------------------ not a recording


def zipped() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("call.wav", wav16(tone(440, 1)))
    return file.getvalue()


PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0) + bytes(64)


@pytest.mark.parametrize("filename", ["call.wav", "call.mp3", "call.gsm", "call.amr", "call.sln"])
@pytest.mark.parametrize(
    "data",
    [
        b"Hi Dana, please call me back.\n" * 100,
        b"<!doctype html><title>404</title>" * 50,
        zipped(),
        PNG,
        b"\0",
        b"RIFF",
    ],
    ids=["text", "html", "zip", "png", "one byte", "four bytes"],
)
def test_other_files_are_not_audio(data: bytes, filename: str) -> None:
    with pytest.raises(NotAudio, match=filename):
        decode(data, filename=filename)


def test_a_film_without_sound_is_not_audio() -> None:
    file = io.BytesIO()
    with av.open(file, "w", format="matroska") as output:
        stream = output.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        output.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8), "rgb24")))
        output.mux(stream.encode(None))
    with pytest.raises(NotAudio, match="no sound"):
        decode(file.getvalue())


def test_an_unknown_codec_is_not_audio() -> None:
    with pytest.raises(NotAudio):
        decode(wav(bytes(8000), WavFormat(0x7ABC, 16)))


@pytest.mark.parametrize("data", [b"", wav(b"", WavFormat(1, 16))], ids=["nothing", "header only"])
def test_files_without_any_sound_are_empty(data: bytes) -> None:
    with pytest.raises(EmptyFile):
        decode(data)


HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:3\n#EXTINF:3,\n{target}\n#EXT-X-ENDLIST\n"
CONCAT = "ffconcat version 1.0\nfile '{target}'\n"
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio 5004 RTP/AVP 0\na={target}\n"


@pytest.mark.parametrize("playlist", [HLS, CONCAT, SDP], ids=["hls", "ffconcat", "sdp"])
@pytest.mark.parametrize("name", ["list.wav", "list.m3u8", "list.ffconcat", "list.sdp"])
def test_a_playlist_cannot_reach_other_files(tmp_path: Path, playlist: str, name: str) -> None:
    secret = tmp_path / "secret.wav"
    secret.write_bytes(wav16(tone(440, 3)))
    path = tmp_path / name
    for target in (str(secret), f"file://{secret}", "secret.wav"):
        path.write_text(playlist.format(target=target))
        with pytest.raises(NotAudio):
            decode(path)


@pytest.mark.parametrize("playlist", [HLS, CONCAT], ids=["hls", "ffconcat"])
def test_a_playlist_cannot_reach_the_network(playlist: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.2)
        address = f"http://127.0.0.1:{server.getsockname()[1]}/call.wav"
        with pytest.raises(NotAudio):
            decode(playlist.format(target=address).encode())
        with pytest.raises(TimeoutError):
            server.accept()


# ------------------------------------------------------------------------------ damaged files

WHOLE: dict[str, Callable[[], bytes]] = {
    "wav": lambda: wav16(tone(440, 4)),
    "mulaw": lambda: encoded(tone(440, 4, 8000), "wav", "pcm_mulaw", 8000),
    "mp3": lambda: encoded(tone(440, 4), "mp3", "libmp3lame"),
    "m4a": lambda: encoded(tone(440, 4), "ipod", "aac"),
    "ogg": lambda: encoded(tone(440, 4), "ogg", "libopus"),
    "webm": lambda: encoded(tone(440, 4), "webm", "libopus"),
    "flac": lambda: encoded(tone(440, 4), "flac", "flac"),
    "amr": lambda: encoded(tone(440, 4, 8000), "amr", "libopencore_amrnb", 8000),
    "gsm": lambda: sounds.gsm(4),
    "wav49": lambda: sounds.gsm_wav(4),
}
NEEDS_ITS_END = {"m4a"}  # its index is written last


@pytest.fixture(scope="module")
def whole_files() -> dict[str, bytes]:
    return {name: make() for name, make in WHOLE.items()}


@pytest.mark.parametrize("name", WHOLE)
@pytest.mark.parametrize("tenths", range(1, 10))
def test_a_cut_file_gives_what_is_left_of_it(whole_files: dict[str, bytes], name: str, tenths: int) -> None:
    data = whole_files[name]
    try:
        sound = decode(data[: len(data) * tenths // 10])
    except RecordingError:
        assert name in NEEDS_ITS_END or tenths < 4
    else:
        assert sound.duration_s <= 4 * (tenths + 1) / 10
        assert sound.duration_s >= 4 * tenths / 10 - 1.2  # Ogg keeps whole seconds


SIGNATURES = [
    b"RIFF\x24\0\0\0WAVEfmt ", b"RF64", b"riff", b"FORM\0\0\0\x20AIFF", b".snd\0\0\0\x18", b"caff\0\x01\0\0",
    b"OggS\0\x02", b"fLaC\0\0\0\x22", b"wvpk", b"TTA1", b"\x1a\x45\xdf\xa3", b"\0\0\0\x20ftypM4A ",
    b"ID3\x04\0\0\0\0\0\0", b"\xff\xfb\x90\x00", b"\xff\xf1\x50\x80", b"\x0b\x77", b"#!AMR\n", b"#!AMR-WB\n",
    b"\xd0" * 33, b"Creative Voice File\x1a", b".RMF", b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", b"G@\0\x10\0",
    b"\0\0\x01\xba",
]  # fmt: skip


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    start=st.sampled_from(SIGNATURES),
    rest=st.binary(max_size=2000),
    name=st.sampled_from(["a", "a.gsm", "a.sln"]),
)
def test_any_bytes_behind_a_signature_give_a_sound_or_a_typed_error(start: bytes, rest: bytes, name: str) -> None:
    sound_or_typed_error(start + rest, name)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    name=st.sampled_from(sorted(WHOLE)),
    changes=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20),
    in_header=st.booleans(),
)
def test_any_changed_bytes_give_a_sound_or_a_typed_error(
    whole_files: dict[str, bytes], name: str, changes: list[tuple[float, int]], in_header: bool
) -> None:
    data = bytearray(whole_files[name])
    for place, value in changes:
        data[int(place * (100 if in_header else len(data)))] = value
    sound_or_typed_error(bytes(data), name)


def sound_or_typed_error(data: bytes, name: str) -> None:
    try:
        sound = decode(data, filename=name, max_duration_s=20)
    except RecordingError:
        return
    assert np.isfinite(sound.samples).all()
    assert np.abs(sound.samples).max() <= 1
    assert 0 <= sound.clipped_share <= 1


@pytest.mark.parametrize("data", [wav16(tone(440, 1)), b"no sound " * 100, b"", encoded(tone(440, 1), "flac", "flac")])
def test_files_are_closed(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "call.wav"
    path.write_bytes(data)
    with contextlib.suppress(RecordingError):
        decode(path)
    assert path not in [fd.readlink() for fd in Path("/proc/self/fd").iterdir() if fd.exists()]
