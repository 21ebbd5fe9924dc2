"""Counts things in images."""
