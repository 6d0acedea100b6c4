"""The made world: its entities and events, its languages, their words and grammar, and texts in them."""
