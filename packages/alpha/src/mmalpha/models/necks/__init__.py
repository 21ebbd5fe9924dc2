"""Necks: between a backbone and a head."""
