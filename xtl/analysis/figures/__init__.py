"""Pictures: how they are drawn, and the words and numbers in them."""
