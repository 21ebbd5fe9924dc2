"""Necks: from feature maps to others."""
