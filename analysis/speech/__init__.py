"""From sound to words: the transcriber protocol, its engines, and the weights they need."""
