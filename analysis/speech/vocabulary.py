"""The last layer of the decoder: how likely each token of the vocabulary is. It is a third of all decoding."""

from typing import Any

CANDIDATES = 16  # far more than rounding can reorder
LARGEST = 127  # of an int8
# Without VNNI the processor adds two products in 16 bits: of a byte shifted to 0 to 255 and of one no larger than this.
LARGEST_WEIGHT = 63
NOTHING = 1e-6  # a row without a larger number is zero


class Vocabulary:
    """Logits in two steps: all of them quickly, then those that can be chosen exactly."""

    def __init__(self, weight: Any, first_timestamp: int, dtype: Any) -> None:
        """`weight` has the shape (vocabulary, width). On a GPU quickly is in `dtype`, on a processor in int8."""
        self.weight = weight
        self.first_timestamp = first_timestamp
        self.scale: Any = None
        if weight.is_cuda:
            self.quick = weight.to(dtype)
        else:
            self.quick, self.scale = _in_int8(weight, LARGEST_WEIGHT)

    def logits(self, x: Any) -> Any:
        """Of `x`, shape (rows, width): shape (rows, vocabulary), float32."""
        x = x.float()
        logits = self._quickly(x)
        likeliest = logits.topk(CANDIDATES, dim=-1).indices
        logits.scatter_(1, likeliest, (self.weight[likeliest] @ x[:, :, None])[..., 0])
        logits[:, self.first_timestamp :] = x @ self.weight[self.first_timestamp :].T
        return logits

    def _quickly(self, x: Any) -> Any:
        import torch

        if self.scale is None:
            return (x.to(self.quick.dtype) @ self.quick.T).float()
        rows, scale = _in_int8(x, LARGEST)
        # PyTorch's only product of int8 matrices: its dynamic layers would scale a whole batch by its loudest row.
        return torch._int_mm(rows, self.quick.T).float().mul_(scale).mul_(self.scale.T)


def _in_int8(rows: Any, largest: int) -> tuple[Any, Any]:
    """Each row in steps of its own: the steps, none beyond `largest`, and what one is worth, shape (rows, 1)."""
    import torch

    scale = rows.abs().amax(dim=1, keepdim=True).clamp_(min=NOTHING).div_(largest)
    return (rows / scale).round_().to(torch.int8), scale
