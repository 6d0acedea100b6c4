"""The report: pages of executed notebooks, complete in themselves, and the folder to share."""
