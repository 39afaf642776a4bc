"""Whisper's decoder over a batch of recordings, on the weights of openai-whisper.

openai-whisper decodes one recording after another, and reads all its weights for every token. Here a token of every
recording costs little more than a token of one. Each row attends to its own sound alone; the attention that was paid
while a token was chosen also tells when it was said, so no second pass is needed for word times.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from analysis.speech.batch import Decoded
from analysis.speech.timestamps import Rules
from analysis.speech.transcriber import GiveWay
from analysis.speech.vocabulary import Vocabulary
from analysis.speech.words import token_times

SEED = 0  # of what is drawn at temperatures above 0: the same recording gives the same words


@dataclass
class Layer:
    """Keys and values of one layer, shape (rows, heads, positions, width): of the sound, and of the tokens so far.

    The keys of the sound lie transposed, as they are multiplied: that reads them in half the time.
    """

    sound: tuple[Any, Any]
    tokens: tuple[Any, Any]

    def keep(self, order: Sequence[int]) -> None:
        """Keep the rows of `order`, in it. Only those that change their place are copied, each to an earlier one."""
        for part in (*self.sound, *self.tokens):
            for place, row in enumerate(order):
                if place != row:
                    part[place] = part[row]
        self.sound, self.tokens = (
            (keys[: len(order)], values[: len(order)]) for keys, values in (self.sound, self.tokens)
        )


@dataclass
class Row:
    """One recording in the batch: what was chosen so far, how surely, and where in the sound it was looked for."""

    tokens: list[int] = field(default_factory=list)
    probabilities: list[float] = field(default_factory=list)  # among text tokens, as if there were no timestamps
    attention: list[Any] = field(default_factory=list)
    log_probability: float = 0.0
    no_speech_probability: float = 0.0


class BatchDecoder:
    """Keeps nothing between calls, so several threads may decode at once."""

    def __init__(self, model: Any, vocabulary: Vocabulary) -> None:
        self.decoder = model.decoder
        self.dims = model.dims
        self.dtype = model.decoder.blocks[0].attn.query.weight.dtype
        self.vocabulary = vocabulary
        self.alignment_heads: dict[int, list[int]] = defaultdict(list)
        for layer, head in model.alignment_heads.indices().T.tolist():
            self.alignment_heads[layer].append(head)

    def decode(
        self,
        batch: Sequence[Any],
        frames: Sequence[int],
        tokenizer: Any,
        opening: Sequence[int],
        temperature: float = 0.0,
        give_way: GiveWay = lambda: None,
    ) -> list[Decoded]:
        """`batch` holds features, each of shape (positions, width); `opening` the tokens before what is heard."""
        import torch

        with torch.inference_mode():
            rows = self._choose(batch, tokenizer, opening, temperature, give_way)
        return [_decoded(row, tokenizer, count) for row, count in zip(rows, frames, strict=True)]

    def first_logits(self, features: Any, token: int) -> Any:
        """What may follow a first token, shape (vocabulary,)."""
        import torch

        with torch.inference_mode():
            heard = torch.tensor([[token]], device=features.device)
            return self._step(heard, 0, self._layers([features]), None)[0][0, 0]

    def _choose(
        self, batch: Sequence[Any], tokenizer: Any, opening: Sequence[int], temperature: float, give_way: GiveWay
    ) -> list[Row]:
        import torch

        device = batch[0].device
        rules, generator = Rules(tokenizer), torch.Generator(device).manual_seed(SEED)
        layers, mask = self._layers(batch), _mask([features.shape[0] for features in batch], device)
        rows = alive = [Row() for _ in batch]
        heard, at = torch.tensor([opening] * len(batch), device=device), 0
        for _ in range(self.dims.n_text_ctx // 2):
            give_way()
            logits, attention = self._step(heard, at, layers, mask)
            if at == 0:
                silence = logits[:, opening.index(tokenizer.sot)].softmax(dim=-1)[:, tokenizer.no_speech].tolist()
                for row, probability in zip(rows, silence, strict=True):
                    row.no_speech_probability = probability
            at += heard.shape[1]
            chosen = self._extend(alive, logits[:, -1], attention, rules, temperature, generator)
            going = [place for place, row in enumerate(alive) if row.tokens[-1] != tokenizer.eot]
            if not going:
                break
            if len(going) < len(alive):
                order = closing_ranks(going)
                alive, chosen = [alive[place] for place in order], chosen[order]
                mask = None if mask is None else mask[order]
                for layer in layers:
                    layer.keep(order)
            heard = chosen[:, None]
        return rows

    def _extend(
        self, alive: list[Row], logits: Any, attention: Any, rules: Rules, temperature: float, generator: Any
    ) -> Any:
        """Choose a token for each row."""
        import torch

        plain = logits[:, : rules.eot].log_softmax(dim=-1)
        rules.apply(logits, [row.tokens for row in alive])
        if temperature:
            drawn = torch.multinomial((logits / temperature).softmax(dim=-1), 1, generator=generator)
            chosen = drawn[:, 0]
        else:
            chosen = logits.argmax(dim=-1)
        likely = logits.log_softmax(dim=-1).gather(1, chosen[:, None])[:, 0].tolist()
        text = plain.gather(1, chosen.clamp(max=rules.eot - 1)[:, None])[:, 0].exp().tolist()
        for place, (row, token) in enumerate(zip(alive, chosen.tolist(), strict=True)):
            row.tokens.append(token)
            row.log_probability += likely[place]
            row.probabilities.append(text[place])
            row.attention.append(attention[place])
        return chosen

    def _layers(self, batch: Sequence[Any]) -> list[Layer]:
        import torch

        device = batch[0].device
        rows, heads, width = len(batch), self.dims.n_text_head, self.dims.n_text_state // self.dims.n_text_head
        longest = max(features.shape[0] for features in batch)
        empty = torch.empty(2, rows, heads, self.dims.n_text_ctx, width, dtype=self.dtype, device=device)
        layers = []
        for block in self.decoder.blocks:
            keys = torch.zeros(rows, heads, width, longest, dtype=self.dtype, device=device)
            values = torch.zeros(rows, heads, longest, width, dtype=self.dtype, device=device)
            for row, features in enumerate(batch):
                end = features.shape[0]
                keys[row, :, :, :end] = self._heads(block.cross_attn.key(features[None]))[0].transpose(-1, -2)
                values[row, :, :end] = self._heads(block.cross_attn.value(features[None]))[0]
            layers.append(Layer(sound=(keys, values), tokens=tuple(torch.empty_like(empty))))
        return layers

    def _heads(self, x: Any) -> Any:
        """(rows, positions, width) by heads: (rows, heads, positions, width of a head), in the decoder's precision.

        In less, rounding would differ with the shape of a batch, and now and then decide between two words.
        """
        return x.to(self.dtype).view(*x.shape[:2], self.dims.n_text_head, -1).transpose(1, 2)

    def _step(self, heard: Any, at: int, layers: Sequence[Layer], mask: Any) -> tuple[Any, Any]:
        """Logits, and where each row looked at its last token: shape (rows, alignment heads, positions)."""
        import torch

        decoder, end = self.decoder, at + heard.shape[1]
        x = (decoder.token_embedding(heard) + decoder.positional_embedding[at:end]).to(self.dtype)
        looked = []
        for number, (block, layer) in enumerate(zip(decoder.blocks, layers, strict=True)):
            y, (keys, values) = block.attn_ln(x), layer.tokens
            keys[:, :, at:end] = self._heads(block.attn.key(y))
            values[:, :, at:end] = self._heads(block.attn.value(y))
            causal = decoder.mask[at:end, :end] if end - at > 1 else None
            seen, _ = self._attend(block.attn.query(y), keys[:, :, :end].transpose(-1, -2), values[:, :, :end], causal)
            x = x + block.attn.out(seen)
            seen, scores = self._attend(block.cross_attn.query(block.cross_attn_ln(x)), *layer.sound, mask)
            if heads := self.alignment_heads.get(number):
                looked.append(scores[:, heads, -1])
            x = x + block.cross_attn.out(seen)
            x = x + block.mlp(block.mlp_ln(x))
        logits = self.vocabulary.logits(decoder.ln(x).flatten(end_dim=1)).unflatten(0, x.shape[:2])
        return logits, torch.cat(looked, dim=1)

    def _attend(self, queries: Any, keys: Any, values: Any, mask: Any) -> tuple[Any, Any]:
        """What is seen, and the scores before they become weights. `keys` are transposed."""
        scores = ((self._heads(queries) * keys.shape[-2] ** -0.5) @ keys).float()
        if mask is not None:
            scores = scores + mask
        seen = scores.softmax(dim=-1).to(values.dtype) @ values
        return seen.transpose(1, 2).flatten(start_dim=2), scores


def closing_ranks(going: Sequence[int]) -> list[int]:
    """The places in `going`, which ascend, the last of them brought forward to where others have ended."""
    count = len(going)
    late = [place for place in going if place >= count]
    staying = set(going)
    return [place if place in staying else late.pop() for place in range(count)]


def _mask(lengths: Sequence[int], device: Any) -> Any:
    """Minus infinity where a row's sound has ended, shape (rows, 1, 1, positions); None if all end together."""
    import torch

    if min(lengths) == max(lengths):
        return None
    beyond = torch.arange(max(lengths), device=device) >= torch.tensor(lengths, device=device)[:, None]
    return torch.zeros(beyond.shape, device=device).masked_fill(beyond, -float("inf"))[:, None, None]


def _decoded(row: Row, tokenizer: Any, frames: int) -> Decoded:
    ended = row.tokens[-1] == tokenizer.eot
    tokens = row.tokens[:-1] if ended else row.tokens
    text = [place for place, token in enumerate(tokens) if token < tokenizer.eot]
    times: Any = ()
    if text:
        looked = np.stack([row.attention[place].cpu().numpy() for place in [*text, len(row.tokens) - 1]], axis=1)
        times = token_times(looked[:, :, : max(1, frames // 2)])
    return Decoded(
        tokens=tokens,
        times_s=times,
        probabilities=[row.probabilities[place] for place in text],
        average_log_probability=row.log_probability / (len(tokens) + 1),
        no_speech_probability=row.no_speech_probability,
    )
