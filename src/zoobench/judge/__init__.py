"""Observations become verdicts and tables. Needs no runtime."""
