"""Optimizers, their wrappers and constructors."""
