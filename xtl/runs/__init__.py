"""Runs: what identifies one, its folder, and executing it as a notebook on a cluster."""
