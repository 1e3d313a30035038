"""Frozen figures: counts that say nothing of anybody, the same for whoever asks."""
