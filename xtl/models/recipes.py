"""How an encoder is trained from scratch: architecture and size, the recipe's factors, and the training itself."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from xtl.base.validation import Strict

Architecture = Literal["bert", "roberta", "xlnet"]
Masking = Literal["static", "dynamic"]
Objective = Literal["mlm", "plm"]

# What a recipe needs of an architecture, and who has it.
TWO_STREAMS = ("xlnet",)  # attention in which a query stream does not see its own content: permutation LM
POOLED_FIRST = ("bert", "roberta")  # a pooled first token: next-sentence prediction


class Recipe(Strict):
    """What a pretraining run may vary besides the architecture; None means the architecture's own habit."""

    nsp: bool | None = Field(None, description="next-sentence prediction on two-segment inputs")
    segments: bool | None = Field(None, description="two-segment inputs from documents, with segment ids")
    masking: Masking | None = Field(None, description="one mask a sequence, or a new one each epoch")
    objective: Objective | None = Field(None, description="masked or permutation language modelling")
    predicted: float = Field(0.15, gt=0, lt=1, description="share of a sequence's tokens that are predicted")
    pairs: float = Field(0.0, ge=0, le=1, description="share of the sequences that are translation pairs")

    def full(self, architecture: Architecture) -> FullRecipe:
        """The recipe with the architecture's habits filled in.

        >>> Recipe(masking="static").full("roberta").model_dump()
        {'nsp': False, 'segments': False, 'masking': 'static', 'objective': 'mlm', 'predicted': 0.15, 'pairs': 0.0}
        """
        chosen = self.model_dump(exclude_none=True)
        return HABITS[architecture].model_copy(update=chosen)


class FullRecipe(Recipe):
    """A recipe that names every factor."""

    nsp: bool
    segments: bool
    masking: Masking
    objective: Objective


HABITS: dict[Architecture, FullRecipe] = {
    "bert": FullRecipe(nsp=True, segments=True, masking="static", objective="mlm"),
    "roberta": FullRecipe(nsp=False, segments=False, masking="dynamic", objective="mlm"),
    "xlnet": FullRecipe(nsp=False, segments=False, masking="dynamic", objective="plm"),
}


class Pretraining(Strict):
    """An encoder that is trained from scratch. The defaults are those of the laboratory's everyday grid."""

    architecture: Architecture = Field(description="what is built; its habits fill the recipe")
    layers: int = Field(3, ge=1, description="transformer layers")
    hidden: int = Field(128, ge=8, description="width, a multiple of `heads`")
    heads: int = Field(4, ge=1, description="attention heads")
    inner: int = Field(256, ge=8, description="width of the feed-forward layers")
    length: int = Field(128, ge=16, description="longest input in tokens")
    short: int = Field(1, ge=1, description="sentences of the monolingual inputs of most steps")
    long_share: float = Field(
        0.2, ge=0, le=1, description="share of the steps, the last ones, with inputs of full length"
    )
    steps: int = Field(2600, ge=1, description="optimizer steps")
    batch_tokens: int = Field(512, ge=64, description="tokens in a batch, padding not counted")
    learning_rate: float = Field(2e-3, gt=0, description="peak")
    warmup: float = Field(0.1, ge=0, le=1, description="share of the steps")
    weight_decay: float = Field(0.01, ge=0, description="none on biases and LayerNorm")
    precision: Literal["fp32", "bf16"] = Field("fp32", description="of the forward and backward pass")
    recipe: Recipe = Field(Recipe(), description="factors of pretraining, one by one")

    @property
    def full_recipe(self) -> FullRecipe:
        """The recipe with the architecture's habits filled in."""
        return self.recipe.full(self.architecture)

    @model_validator(mode="after")
    def _can_be_computed(self) -> Pretraining:
        """The width is a multiple of the heads, and the objective is one that the architecture can compute."""
        if self.hidden % self.heads:
            raise ValueError(f"hidden ({self.hidden}) must be a multiple of heads ({self.heads})")
        recipe = self.full_recipe
        if recipe.objective == "plm" and self.architecture not in TWO_STREAMS:
            raise ValueError(f"objective plm needs two-stream attention, which {self.architecture} lacks; use mlm")
        if recipe.nsp and not recipe.segments:
            raise ValueError("nsp needs two-segment inputs; set segments: true")
        if recipe.nsp and self.architecture not in POOLED_FIRST:
            raise ValueError(f"nsp reads a pooled first token, which {self.architecture} lacks; set nsp: false")
        return self
