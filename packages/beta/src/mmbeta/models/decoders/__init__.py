"""Decoders: from several feature maps to one."""
