"""Bring what networks and business systems deliver into the canonical tables.

in: landing files as bytes ▶ out: payloads, items, and frames of bronze and silver tables.
"""
