"""Step 9, send: HTTP in and out, over Starlette."""
