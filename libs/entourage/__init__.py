"""Entourage: Spark jobs for social master data."""

__version__ = "0.1.0"
