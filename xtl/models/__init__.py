"""Encoders: loading and building them, their sub-words, and the objectives that pretrain them."""
