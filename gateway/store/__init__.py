"""PostgreSQL: tables, the embedded server, sessions and lanes."""
