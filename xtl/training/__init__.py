"""Training: pretraining, fine-tuning on one task or several, and which weights are kept."""
