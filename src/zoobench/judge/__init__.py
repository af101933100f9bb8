"""Observations become verdicts; no runtime."""
