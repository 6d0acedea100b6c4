"""Models whose parts share weights, as the trainer writes and reads them."""

from __future__ import annotations

from torch import nn


class SharedWeights(nn.Module):
    """A module whose parts share weights, in the trainer's hands: it writes and reads each of them once."""

    def state_dict(self, *arguments, **options):
        """The weights without those that are tied to an earlier one, which safetensors refuses to write twice."""
        found, seen = super().state_dict(*arguments, **options), set()
        kept = {}
        for name, value in found.items():
            place = (value.data_ptr(), value.shape)
            if value.numel() == 0 or place not in seen:
                seen.add(place)
                kept[name] = value
        return kept

    def load_state_dict(self, state_dict, strict: bool = False, assign: bool = False):
        """Weights as `state_dict` gives them; what is tied comes with what it is tied to, and counts as loaded."""
        loaded = super().load_state_dict(state_dict, strict=False, assign=assign)
        written = self.state_dict()
        loaded.missing_keys[:] = [name for name in loaded.missing_keys if name in written]
        return loaded
