"""Heads: from features to losses and predictions."""
