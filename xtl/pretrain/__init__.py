"""Pretraining small encoders from scratch, matched so that architectures and recipes can be compared."""
