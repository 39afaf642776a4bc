"""Any container to float samples, with PyAV: no ffmpeg program needed, and no way for a file to reach other files.

Decoding streams and resamples frame by frame, so a file that decodes to hours costs no more than the limit.
"""

import errno
import hashlib
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

import numpy as np
import numpy.typing as npt

from models.errors import DecoderOutOfMemory, EmptyFile, NotAudio, TooLong
from models.recording import Recording

Samples = npt.NDArray[np.float32]

SAMPLE_RATE_HZ = 16_000  # what Whisper listens to, and more than a telephone carries
MAX_CHANNELS = 64
# Containers that hold sound and cannot name other files or addresses (playlists can, and are left out).
CONTAINERS = (
    "aac,ac3,aiff,amr,amrnb,amrwb,asf,au,caf,flac,gsm,matroska,mov,mp3,mpeg,mpegts,ogg,rm,sln,tta,voc,w64,wav,webm,wv"
)
# Formats without a header, known by their ending alone.
HEADERLESS = {".gsm": "gsm", ".amr": "amr", ".sln": "sln"}
# What is no raw sound: text, such as an error page in the recording's place, and the files most often renamed.
NOT_RAW = re.compile(rb"[\t\n\r -~]+|(PK\x03\x04|%PDF-|\x89PNG|\x7fELF).*", re.DOTALL)
GSM_FRAME_NIBBLE = 0xD  # every frame begins with it, and FFmpeg plays anything else as noise
CLIPPED_AT = 0.999  # of full scale
TELEPHONE_FULL_SCALE = {"pcm_mulaw": 32_124, "pcm_alaw": 32_256}  # their loudest code, as 16 bit
FULL_LENGTH_CHANNELS = 4  # more channels than this share the memory of so many


@dataclass(frozen=True)
class Sound:
    """A decoded recording: `samples` float32 in [-1, 1], shape (channels, n), at 16 kHz."""

    recording: Recording
    samples: Samples
    clipped_share: float  # of the samples as recorded, before resampling

    @property
    def duration_s(self) -> float:
        return float(self.samples.shape[1] / SAMPLE_RATE_HZ)


class Decode(Protocol):
    """What `decode` does, in this process or in another."""

    def __call__(
        self, source: Path | bytes, *, filename: str | None = None, max_duration_s: float = 600.0
    ) -> Sound: ...


def decode(source: Path | bytes, *, filename: str | None = None, max_duration_s: float = 600.0) -> Sound:
    """Decode a recording.

    Raises EmptyFile, NotAudio, TooLong (more than `max_duration_s` of sound, whatever the header says) or
    DecoderOutOfMemory.
    """
    name = filename or (source.name if isinstance(source, Path) else "recording")
    with io.BytesIO(source) if isinstance(source, bytes) else source.open("rb") as file:
        if file.seek(0, io.SEEK_END) == 0:
            raise EmptyFile("The file is empty. Please record again or choose another file.")
        file.seek(0)
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        file.seek(0)
        return _decode(file, name, sha256, max_duration_s)


def _decode(file: BinaryIO, name: str, sha256: str, max_duration_s: float) -> Sound:
    import av  # heavy

    try:
        with _open(file, name) as container:
            stream = next((stream for stream in container.streams.audio if stream.codec_context is not None), None)
            if stream is None:  # a film without sound, or a codec that FFmpeg does not know
                raise NotAudio(f"“{name}” holds no sound. Please upload a voice recording, such as WAV, MP3 or M4A.")
            codec = stream.codec_context
            heard = _Listener(name, max_duration_s, TELEPHONE_FULL_SCALE.get(codec.name))
            for packet in container.demux(stream):
                try:
                    for frame in packet.decode():
                        heard.take(frame)
                except av.error.InvalidDataError as error:  # a broken packet: keep what is whole around it
                    heard.broken = error
            samples = heard.close()
            recording = Recording(
                filename=name,
                duration_s=round(samples.shape[1] / SAMPLE_RATE_HZ, 3),
                sample_rate_hz=heard.sample_rate_hz,
                channels=samples.shape[0],
                format=f"{container.format.name.split(',')[0]}/{codec.name}",
                sha256=sha256,
            )
    except MemoryError as error:
        raise DecoderOutOfMemory(
            f"“{name}” needs too much memory. Please save it as WAV or MP3 and send that."
        ) from error
    except (av.error.FFmpegError, ValueError, OverflowError, OSError) as error:
        if isinstance(error, OSError) and not isinstance(error, av.error.FFmpegError) and error.errno != errno.EINVAL:
            raise  # the disk's fault; EINVAL is a seek to where no file can reach
        raise NotAudio(
            f"“{name}” could not be read as audio. Please upload a voice recording, such as WAV, MP3 or M4A."
        ) from error
    return Sound(recording, samples, heard.clipped_share)


def _open(file: BinaryIO, name: str):  # type: ignore[no-untyped-def]  # av's container type needs av imported
    import av

    options = {"format_whitelist": CONTAINERS, "protocol_whitelist": "pipe"}
    try:
        return av.open(file, options=options, metadata_errors="replace")
    except av.error.FFmpegError:
        headerless = HEADERLESS.get(Path(name).suffix.lower())
        file.seek(0)
        head = file.read(64)
        if (
            headerless is None
            or (headerless == "gsm" and head[0] >> 4 != GSM_FRAME_NIBBLE)
            or (headerless == "sln" and NOT_RAW.fullmatch(head))
        ):
            raise
        file.seek(0)
        return av.open(file, format=headerless, options=options, metadata_errors="replace")


class _Listener:
    """Takes frames as they come, and keeps them at 16 kHz.

    Frames are packed (channels interleaved) before numpy sees them: PyAV reads past the planes of a planar frame of
    eight channels or more, and the process dies.
    """

    def __init__(self, name: str, max_duration_s: float, full_scale: int | None = None) -> None:
        self.name = name
        self.max_duration_s = max_duration_s
        self.full_scale = full_scale
        self.sample_rate_hz = 0
        self.channels = 0
        self.layout: Any = None
        self.form: Any = None
        self.packer: Any = None
        self.resampler: Any = None
        self.interleaved = bytearray()  # grows in place, where a list of parts would have to be copied at the end
        self.broken: Exception | None = None
        self.clipped = 0
        self.seen = 0

    def take(self, frame) -> None:  # type: ignore[no-untyped-def]
        form = (frame.format.name, frame.layout.name, frame.layout.nb_channels, frame.sample_rate)
        if form != self.form:  # the first frame, or one of another recording behind it in the same file
            self._flush()
            self._open(frame)
            self.form = form
        frame.pts = None  # gaps and jumps in the time stamps are no silence
        for packed in self.packer.resample(frame):
            self._count_clipped(packed.to_ndarray())
            for resampled in self.resampler.resample(packed):
                self._keep(resampled.to_ndarray())

    def _open(self, frame) -> None:  # type: ignore[no-untyped-def]
        import av

        rate_hz, channels = frame.sample_rate, frame.layout.nb_channels
        if channels > MAX_CHANNELS or not 1000 <= rate_hz <= 768_000:
            raise ValueError("no telephone, microphone or studio records like this")
        if self.layout is None:
            self.layout, self.sample_rate_hz, self.channels = frame.layout, rate_hz, channels
            self.max_duration_s *= min(1.0, FULL_LENGTH_CHANNELS / channels)
        self.packer = av.AudioResampler(frame.format.packed, frame.layout, rate_hz)
        self.resampler = av.AudioResampler("flt", self.layout, SAMPLE_RATE_HZ)

    def _count_clipped(self, raw: np.ndarray) -> None:
        if raw.dtype.kind == "f":
            loud = np.abs(raw) >= CLIPPED_AT
        elif raw.dtype == np.uint8:
            loud = np.abs(raw.astype(np.int16) - 128) >= 127
        else:
            peak = self.full_scale or np.iinfo(raw.dtype).max
            loud = (raw >= CLIPPED_AT * peak) | (raw <= -CLIPPED_AT * peak)
        self.clipped += int(loud.sum())
        self.seen += raw.size

    def _keep(self, packed: Samples) -> None:
        self.interleaved += packed.data
        if len(self.interleaved) > self.max_duration_s * SAMPLE_RATE_HZ * self.channels * packed.itemsize:
            minutes = f"{self.max_duration_s / 60:g} minutes"
            raise TooLong(f"“{self.name}” is longer than {minutes}. Please cut it down to the message itself.")

    def _flush(self) -> None:
        if self.resampler is not None:
            for resampled in self.resampler.resample(None):
                self._keep(resampled.to_ndarray())

    def close(self) -> Samples:
        self._flush()
        if not self.interleaved:
            raise self.broken or EmptyFile(
                f"“{self.name}” holds no sound at all. Please record again or choose another file."
            )
        samples = np.frombuffer(self.interleaved, np.float32)
        np.nan_to_num(samples, copy=False, posinf=0.0, neginf=0.0)
        np.clip(samples, -1.0, 1.0, out=samples)
        return samples.reshape(-1, self.channels).T

    @property
    def clipped_share(self) -> float:
        return self.clipped / self.seen
