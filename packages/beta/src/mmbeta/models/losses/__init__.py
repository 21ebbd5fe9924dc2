"""Losses: from logits and true masks to a number."""
