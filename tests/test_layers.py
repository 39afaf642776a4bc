"""The parts of Whisper that are ours, beside plain arithmetic and openai-whisper's own."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.speech import encoder
from analysis.speech.decoder import closing_ranks
from analysis.speech.timestamps import Rules
from analysis.speech.vocabulary import Vocabulary


def test_the_likeliest_tokens_are_as_likely_as_in_float32() -> None:
    import torch

    torch.manual_seed(0)
    weight, rows = torch.randn(500, 64), torch.randn(4, 64) * torch.tensor([0.01, 1.0, 100.0, 0.0])[:, None]
    with torch.inference_mode():
        logits, exact = Vocabulary(weight, 480, torch.bfloat16).logits(rows), rows @ weight.T
    best = exact[:3].topk(5, dim=-1)
    assert torch.equal(logits[:3].topk(5, dim=-1).indices, best.indices)
    assert torch.allclose(logits[:3].gather(1, best.indices), best.values, atol=1e-3)
    assert torch.allclose(logits[:, 480:], exact[:, 480:], atol=1e-3)
    assert not logits[3].any()


@pytest.mark.parametrize("instructions", ["AVX2", "DEFAULT"])
def test_no_processor_overflows_where_the_vocabulary_is_multiplied_quickly(instructions: str) -> None:
    """oneDNN reads the variable once, so each has a process of its own."""
    loudest = (
        "import torch; from analysis.speech.vocabulary import Vocabulary; "
        "weight = torch.ones(500, 512); weight[1::2] = -1; "
        "print(Vocabulary(weight, 480, torch.float32)._quickly(torch.ones(3, 512)).abs().min().item())"
    )
    environment = os.environ | {"ONEDNN_MAX_CPU_ISA": instructions}
    asked = subprocess.run([sys.executable, "-c", loudest], env=environment, capture_output=True, text=True, check=True)
    assert float(asked.stdout) == pytest.approx(512)


def test_one_head_after_another_sees_what_all_see_at_once() -> None:
    import torch

    queries, keys, values = torch.randn(3, 1, 8, 70, 64).unbind()
    assert torch.allclose(
        encoder._head_by_head(queries, keys, values), encoder._fused(queries, keys, values), atol=1e-5
    )


@given(st.lists(st.booleans(), min_size=1, max_size=20))
def test_rows_that_go_on_close_ranks_over_those_that_ended(goes_on: list[bool]) -> None:
    going = [place for place, on in enumerate(goes_on) if on]
    order = closing_ranks(going)
    assert sorted(order) == going
    assert all(row >= place for place, row in enumerate(order))  # each is copied to where another ended
    assert all(row == place for place, row in enumerate(order) if row < len(going))


def test_rules_are_those_of_openai_whisper() -> None:
    import torch
    from whisper.decoding import ApplyTimestampRules, SuppressTokens
    from whisper.tokenizer import get_tokenizer

    tokenizer = get_tokenizer(True, language="en", task="transcribe")
    rules, stamp = Rules(tokenizer), tokenizer.timestamp_begin
    theirs = (SuppressTokens(rules.suppressed), ApplyTimestampRules(tokenizer, 1, 50))
    random = torch.Generator().manual_seed(1)
    said = [
        [],
        [stamp],
        [stamp, 9],
        [stamp, 9, stamp + 5],
        [stamp, 9, stamp + 5, stamp + 5],
        [stamp, 9, 8, 7, stamp + 70],
    ]
    for tokens in said:
        for scale in (1.0, 6.0):
            logits = torch.randn(2, stamp + 1501, generator=random) * scale
            expected, start = logits.clone(), torch.full((2, 1), tokenizer.sot)
            context = torch.cat([start, torch.tensor([tokens, tokens], dtype=torch.long)], dim=1)
            for rule in theirs:
                rule.apply(expected, context)
            rules.apply(logits, [tokens, tokens])
            assert torch.equal(logits, expected), tokens
