"""Transforms of an image and its mask together.

Each takes and returns the dictionary of a sample, in which `img` is a tensor `(C, H, W)`, of the
type and with the channels of its file, and `gt_seg_map`, where there is a mask, one of `(H, W)`.
"""
