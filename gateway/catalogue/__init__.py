"""What exists: libraries, record kinds and fields, as pure data."""
