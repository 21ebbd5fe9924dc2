"""Strategies: where and how a model runs."""
