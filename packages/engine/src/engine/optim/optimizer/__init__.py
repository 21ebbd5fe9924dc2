"""Optimizers, their wrappers, and how they are made of a config."""
