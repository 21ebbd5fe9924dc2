"""Necks: from feature maps to feature maps."""
