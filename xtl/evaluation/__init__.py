"""Evaluation: scores of every language, submissions and their scorer, and shortcut baselines."""
