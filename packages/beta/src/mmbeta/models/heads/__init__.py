"""Decode heads: from feature maps to losses and masks."""
