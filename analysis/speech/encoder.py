"""Whisper's encoder over no more than the speech there is, on the weights of openai-whisper.

openai-whisper always encodes 30 s, but its convolutions and blocks run on any even number of frames.
"""

from typing import Any


def quicken(model: Any, dtype: Any, *, all_of_it: bool) -> None:
    """Convert weights once (openai-whisper's layers would at every call): all, or those that meet the sound."""
    import torch

    meet_the_sound = ("encoder.", "cross_attn.key", "cross_attn.value")
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear | torch.nn.Conv1d) and (
            all_of_it or any(p in name for p in meet_the_sound)
        ):
            module.to(dtype)


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
    """In PyTorch's fused attention, which never holds all weights of all heads in memory."""
    from torch.nn.functional import scaled_dot_product_attention

    keys, values, queries = (
        part(x).unflatten(-1, (attention.n_head, -1)).transpose(1, 2)
        for part in (attention.key, attention.value, attention.query)
    )
    seen = scaled_dot_product_attention(queries, keys, values)
    return attention.out(seen.transpose(1, 2).flatten(start_dim=2))
