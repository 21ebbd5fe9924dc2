"""Backbones: from images to feature maps, by name from other packages."""
