"""The embedded laboratory: a made world, made languages with planted features, and tasks derived from event records."""
