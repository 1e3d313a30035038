"""Step 2, what they ask: the text of an operation becomes a Selection."""
