"""What this machine could do at best: its arithmetic and its memory, and what Whisper asks of them."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FLOAT_BYTES = 4
SLOW_GFLOPS = 5.0


def fastest_s(work: Callable[[], Any]) -> float:
    work()
    took = []
    for _ in range(7):
        began_s = time.perf_counter()
        work()
        took.append(time.perf_counter() - began_s)
    return min(took)


@dataclass(frozen=True)
class Machine:
    float32_gflops: float
    bfloat16_gflops: float
    memory_gb_per_s: float

    def limit_s(self, dims: Any, speech_s: float, tokens: float, batch: int) -> float:
        """The least time for one recording: its matrix products, and its share of reading the weights."""
        width, positions, layers = dims.n_audio_state, (speech_s + 1) * 50, dims.n_audio_layer
        encoder = layers * (24 * width**2 * positions + 4 * width * positions**2)
        decoder_weights = width * dims.n_vocab + 14 * width**2 * dims.n_text_layer
        gflops = max(self.float32_gflops, self.bfloat16_gflops)
        arithmetic_s = (encoder + 2 * tokens * decoder_weights) / (gflops * 1e9)
        sound_bytes = layers * 2 * positions * width * FLOAT_BYTES / 2
        read = tokens * (decoder_weights * FLOAT_BYTES / batch + sound_bytes)
        return arithmetic_s + read / (self.memory_gb_per_s * 1e9)


def measure() -> Machine:
    import torch

    def gflops(dtype: Any, size: int = 2048) -> float:
        a, b = torch.ones(size, size, dtype=dtype), torch.ones(size, size, dtype=dtype)
        if size > 256 and (slow := gflops(dtype, 256)) < SLOW_GFLOPS:  # bfloat16 on a processor that cannot multiply it
            return slow
        return 2 * size**3 / fastest_s(lambda: a @ b) / 1e9

    large = torch.ones(64_000_000)
    return Machine(gflops(torch.float32), gflops(torch.bfloat16), 256e6 / fastest_s(large.sum) / 1e9)
