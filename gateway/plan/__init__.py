"""Steps 4 and 5, how to fetch and rows: a decision becomes one statement in which PostgreSQL builds the answer."""
