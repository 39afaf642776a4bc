"""The last layer of the decoder: how likely each token of the vocabulary is. It is a third of all decoding."""

from typing import Any

CANDIDATES = 16  # far more than rounding can reorder


class Vocabulary:
    """Logits in two steps: all of them quickly, then those that can be chosen exactly."""

    def __init__(self, weight: Any, first_timestamp: int, dtype: Any) -> None:
        import torch

        self.weight = weight
        self.first_timestamp = first_timestamp
        self.quick = None if dtype == torch.float32 else weight.to(dtype)

    def logits(self, x: Any) -> Any:
        """Of `x`, shape (rows, width): shape (rows, vocabulary), float32."""
        if self.quick is None:
            return x @ self.weight.T
        x = x.float()
        logits = (x.to(self.quick.dtype) @ self.quick.T).float()
        likeliest = logits.topk(CANDIDATES, dim=-1).indices
        logits.scatter_(1, likeliest, (self.weight[likeliest] @ x[:, :, None])[..., 0])
        logits[:, self.first_timestamp :] = x @ self.weight[self.first_timestamp :].T
        return logits
