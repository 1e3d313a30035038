"""CPU per request of the gateway against hand-written SQL and against a naive gateway; ``python -m tests.bench``."""
