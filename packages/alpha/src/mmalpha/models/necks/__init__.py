"""Necks: what stands between a backbone and a head."""
