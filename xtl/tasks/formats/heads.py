"""A fresh head of any kind on the encoder of a checkpoint, and modules whose parts share weights."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from transformers import (
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForMultipleChoice,
    AutoModelForQuestionAnswering,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    PretrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
    set_seed,
)
from transformers.modeling_outputs import (
    MultipleChoiceModelOutput,
    QuestionAnsweringModelOutput,
    TokenClassifierOutput,
)

from xtl.models.encoders import load_config, load_model, load_tokenizer, text_encoder
from xtl.models.poolings import Pooling, pooled, pooling_of
from xtl.models.weights import Origin, save


def build(
    auto_class: Any,
    checkpoint: str | Path,
    seed: int,
    revision: str | None = None,
    **config: Any,
) -> Any:
    """A model with the checkpoint's encoder and a head drawn from the seed, in float32.

    The head is that of transformers, or one of OwnHead where it has none for this kind of encoder. It is always new: an
    intermediate task's classifier of the same shape must not leak into the target task, and one of another shape must
    not stop the loading. Only layers of it that were pretrained with a language model (ModernBERT's `head`) are the
    checkpoint's. What the checkpoint lacks beside the head (a pooler, say) is drawn from the seed too; `origin` of the
    model tells (xtl.models.weights.Origin).

    Args:
        auto_class: an AutoModelFor… of transformers.
        checkpoint: a folder, or a Hub id (looked up in the mirror first) with `revision`.
        config: what the head needs (num_labels, id2label, …).
    Raises UserError where the checkpoint cannot be loaded.
    """
    settings = load_config(checkpoint, revision, **config)
    complete(settings, lambda: load_tokenizer(checkpoint, revision))
    set_seed(seed)
    if not library_has(auto_class, settings):
        encoder, absent = load_model(AutoModel, checkpoint, settings, revision)
        set_seed(seed)
        pooling = pooling_of(text_encoder(encoder), load_tokenizer(checkpoint, revision))
        model: Any = OWN_HEADS[auto_class](encoder, pooling)
        drawn = [*absent, *(f"head.{name}" for name, _ in model.head.named_parameters())]
    else:
        model, absent = load_model(auto_class, checkpoint, settings, revision)
        set_seed(seed)
        fresh = auto_class.from_config(settings, dtype=torch.float32).state_dict()
        kept = pretrained_names(model) - absent
        drawn = [name for name in fresh if name not in kept]
        weights = model.state_dict()
        for name in drawn:
            weights[name].copy_(fresh[name])
    model.origin = Origin(str(checkpoint), revision, type(model).__name__, tuple(drawn))
    return model


def complete(config: PretrainedConfig, tokenizer: Callable[[], PreTrainedTokenizerBase]) -> None:
    """Say in a configuration what heads of transformers look for there."""
    if not hasattr(config, "summary_type"):
        config.summary_type = "first"  # some heads read the last place otherwise, which may be padding
    if getattr(config, "pad_token_id", None) is None:  # heads of decoders look for the last token that is none
        config.pad_token_id = tokenizer().pad_token_id


def save_checkpoint(model: Any, folder: str | Path) -> None:
    """Write a model of `build`, or one that knows how to write itself, for the next phase to read."""
    if isinstance(model, PreTrainedModel):
        save(model, cast(Any, model).origin, Path(folder))
    else:
        model.save_pretrained(folder)


def library_has(auto_class: Any, config: PretrainedConfig) -> bool:
    """Whether transformers has that head for an encoder; those of encoders with a decoder would read the decoder."""
    return type(config) in auto_class._model_mapping and not config.is_encoder_decoder


def pretrained_names(model: PreTrainedModel) -> set[str]:
    """Names of a model's weights that pretraining leaves: the encoder's, and those of a language model's own head."""
    places = model.state_dict()
    prefix = f"{model.base_model_prefix}."
    names = {name for name in places if name.startswith(prefix)}
    if type(model.config) in AutoModelForMaskedLM._model_mapping:
        with torch.device("meta"):
            language_model = AutoModelForMaskedLM.from_config(model.config).state_dict()
        for name, weight in language_model.items():
            if name in places and places[name].shape == weight.shape:
                names.add(name)
    return names


class SharedWeights(nn.Module):
    """A module whose parts share weights, in the trainer's hands: it writes and reads each of them once."""

    def __init__(self) -> None:
        super().__init__()
        self.register_state_dict_post_hook(_without_copies)
        self.register_load_state_dict_post_hook(_read_with_what_they_are_tied_to)


def _without_copies(module: nn.Module, weights: dict[str, torch.Tensor], prefix: str, metadata: Any) -> None:
    """Leave out the weights that are tied to an earlier one, which safetensors refuses to write twice."""
    places = set()
    for name, value in list(weights.items()):
        place = (value.data_ptr(), value.shape)
        if value.numel() and place in places:
            del weights[name]
        places.add(place)


def _read_with_what_they_are_tied_to(module: nn.Module, keys: Any) -> None:
    """Weights that `_without_copies` left out do not count as missing."""
    written = module.state_dict()
    keys.missing_keys[:] = [name for name in keys.missing_keys if name in written]


class OwnHead(SharedWeights):
    """An encoder under a head for a format that transformers has none for; before a decoder the encoder alone.

    Attributes:
        encoder: as AutoModel gives it; a decoder, and a pooler that no head reads, are kept as they are.
        pooling: which hidden state stands for a whole text.
        pooler: whether the encoder has a pooler.
    """

    base_model_prefix = "encoder"
    accepts_loss_kwargs = False
    reads_text = False  # as a whole, rather than its tokens
    origin: Origin

    def __init__(self, encoder: PreTrainedModel, pooling: Pooling):
        super().__init__()
        self.encoder = encoder
        self.pooling = pooling
        texts = text_encoder(encoder)
        self.pooler = any("pooler" in name.split(".") for name, _ in texts.named_parameters())
        dropout = nn.Dropout(_dropout(encoder.config))
        with torch.inference_mode():  # a configuration's hidden_size is half of Reformer's
            width = texts(input_ids=torch.zeros((1, 2), dtype=torch.long)).last_hidden_state.shape[-1]
        labels: Any = encoder.config.num_labels
        output = nn.Linear(width, labels)
        layers: list[nn.Module] = [dropout, output]
        if self.reads_text and not self.pooler:
            layers = [dropout, nn.Linear(width, width), nn.Tanh(), *layers]
        self.head = nn.Sequential(*layers)
        for layer in layers:
            if isinstance(layer, nn.Linear):
                nn.init.normal_(layer.weight, std=getattr(encoder.config, "initializer_range", None) or 0.02)
                nn.init.zeros_(layer.bias)
        read = {id(weight) for weight in texts.parameters()}
        for name, weight in encoder.named_parameters():
            if id(weight) not in read or ("pooler" in name.split(".") and not self.reads_text):
                weight.requires_grad_(False)

    @property
    def base_model(self) -> PreTrainedModel:
        """The encoder, by the name that it has in models of transformers."""
        return self.encoder

    @property
    def config(self) -> PretrainedConfig:
        """The encoder's."""
        return self.encoder.config

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return self.encoder.device

    def scores(self, **inputs: torch.Tensor | None) -> torch.Tensor:
        """What the head makes of tokens, (batch, length, labels), or of texts, (batch, labels)."""
        output = text_encoder(self.encoder)(**{name: table for name, table in inputs.items() if table is not None})
        states = output.last_hidden_state
        if self.reads_text and self.pooler:
            states = output.pooler_output
        elif self.reads_text:
            states = pooled(states, inputs["attention_mask"], self.pooling)
        return self.head(states)

    def tie_weights(self) -> None:
        """No weight of the head is one of the encoder's, as those of language models are."""

    def save_pretrained(self, folder: str | Path) -> None:
        """The encoder without the head, which nobody reads again."""
        save(self.encoder, self.origin, Path(folder))


class TokenHead(OwnHead):
    """A label for every token."""

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
    ) -> TokenClassifierOutput:
        """Logits (batch, length, labels), of a head that reads texts (batch, labels); and the mean cross-entropy.

        The mean is over what has a label.
        """
        logits = self.scores(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        loss = None if labels is None else cross_entropy(logits.flatten(0, -2), labels.flatten())
        return TokenClassifierOutput(loss=loss, logits=logits)


class PairHead(TokenHead):
    """A label for a text, or for a pair of texts that is read as one."""

    reads_text = True


class SpanHead(OwnHead):
    """A start and an end among the tokens."""

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        start_positions: torch.Tensor | None = None,
        end_positions: torch.Tensor | None = None,
    ) -> QuestionAnsweringModelOutput:
        """Logits (batch, length) of both, and the mean of their cross-entropies."""
        logits = self.scores(input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids)
        starts, ends = logits.unbind(-1)
        loss = None
        if start_positions is not None and end_positions is not None:
            loss = (cross_entropy(starts, start_positions) + cross_entropy(ends, end_positions)) / 2
        return QuestionAnsweringModelOutput(loss=loss, start_logits=starts, end_logits=ends)


class ChoiceHead(OwnHead):
    """A score for each of a few texts, of which one is right."""

    reads_text = True

    def forward(
        self,
        input_ids: torch.Tensor,
        attention_mask: torch.Tensor | None = None,
        token_type_ids: torch.Tensor | None = None,
        labels: torch.Tensor | None = None,
    ) -> MultipleChoiceModelOutput:
        """Logits (batch, choices) for inputs (batch, choices, length), and the mean cross-entropy."""
        given = {"input_ids": input_ids, "attention_mask": attention_mask, "token_type_ids": token_type_ids}
        flat = {name: None if table is None else table.flatten(0, 1) for name, table in given.items()}
        logits = self.scores(**flat).view(input_ids.shape[:2])
        loss = None if labels is None else cross_entropy(logits, labels)
        return MultipleChoiceModelOutput(loss=loss, logits=logits)


def _dropout(config: PretrainedConfig) -> float:
    """The dropout of an encoder's own classification heads, by the names that configurations have for it."""
    for name in ("classifier_dropout", "hidden_dropout_prob", "dropout_rate", "dropout"):
        value = getattr(config, name, None)
        if isinstance(value, float):
            return value
    return 0.1


OWN_HEADS: dict[Any, type[OwnHead]] = {
    AutoModelForTokenClassification: TokenHead,
    AutoModelForQuestionAnswering: SpanHead,
    AutoModelForSequenceClassification: PairHead,
    AutoModelForMultipleChoice: ChoiceHead,
}
