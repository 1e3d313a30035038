"""Step 1, who asks: a bearer token becomes a Caller."""
