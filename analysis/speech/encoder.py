"""Whisper's encoder over no more than the speech there is, on the weights of openai-whisper.

openai-whisper always encodes 30 s, but its convolutions and blocks run on any even number of frames.
"""

from functools import cache
from typing import Any


def quicken(model: Any, dtype: Any, *, all_of_it: bool) -> Any:
    """Convert weights once (openai-whisper's layers would at every call): all, or those that meet the sound."""
    import torch

    meet_the_sound = ("encoder.", "cross_attn.key", "cross_attn.value")
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Conv1d) and (
            all_of_it or any(p in name for p in meet_the_sound)
        ):
            module.to(dtype)
    return model


def encode(encoder: Any, spectrogram: Any) -> Any:
    """Features, shape (positions, width), of a spectrogram of shape (bands, frames), in its own precision."""
    import torch
    from torch.nn.functional import gelu

    with torch.inference_mode():
        x = gelu(encoder.conv2(gelu(encoder.conv1(spectrogram[None])))).permute(0, 2, 1)
        x = (x + encoder.positional_embedding[: x.shape[1]]).to(x.dtype)
        for block in encoder.blocks:
            x = x + _attend(block.attn, block.attn_ln(x))
            x = x + block.mlp(block.mlp_ln(x))
        return encoder.ln_post(x)[0]


def _attend(attention: Any, x: Any) -> Any:
    keys, values, queries = (
        part(x).unflatten(-1, (attention.n_head, -1)).transpose(1, 2)
        for part in (attention.key, attention.value, attention.query)
    )
    seen = _head_by_head(queries, keys, values) if _is_slow_when_fused(x) else _fused(queries, keys, values)
    return attention.out(seen.transpose(1, 2).flatten(start_dim=2))


def _fused(queries: Any, keys: Any, values: Any) -> Any:
    """PyTorch's own, which never holds all weights of all heads in memory."""
    from torch.nn.functional import scaled_dot_product_attention

    return scaled_dot_product_attention(queries, keys, values)


def _head_by_head(queries: Any, keys: Any, values: Any) -> Any:
    """One head's weights at a time: they stay in the processor's caches."""
    import torch

    seen = torch.empty_like(values)
    for head in range(queries.shape[1]):
        scores = queries[:, head] @ (keys[:, head] * keys.shape[-1] ** -0.5).transpose(-1, -2)
        seen[:, head] = scores.softmax(dim=-1) @ values[:, head]
    return seen


def _is_slow_when_fused(x: Any) -> bool:
    """PyTorch fuses bfloat16 well only where the processor has AMX."""
    import torch

    return x.dtype == torch.bfloat16 and not x.is_cuda and "amx_bf16" not in _instructions()


def multiplies_bfloat16() -> bool:
    """Whether this processor does so natively."""
    return bool(_instructions() & {"avx512_bf16", "amx_bf16"})


@cache
def _instructions() -> frozenset[str]:
    import torch

    able: dict[str, bool] = getattr(torch.cpu, "get_capabilities", dict)()
    return frozenset(name for name, has in able.items() if has is True)
