"""The laboratory's tasks, made from event records so that every label is right by construction."""
