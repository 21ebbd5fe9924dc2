"""Heads: from feature maps to losses and masks."""
