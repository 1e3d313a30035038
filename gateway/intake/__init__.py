"""Rows on their way in: files and samples → checked rows → sealed → tables."""
