"""Understand posts: language, relevance with calibrated probabilities, reasons and brands."""
