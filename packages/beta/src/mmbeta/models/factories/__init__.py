"""Factories: models from names."""
