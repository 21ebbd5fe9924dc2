"""Decoders: from feature maps to one."""
