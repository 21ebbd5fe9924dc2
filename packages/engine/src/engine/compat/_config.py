"""Constants that MMEngine has beside `Config`."""

from __future__ import annotations

BASE_KEY = "_base_"
DELETE_KEY = "_delete_"
DEPRECATION_KEY = "_deprecation_"
RESERVED_KEYS: list[str] = []  # none is reserved here

# The distributions of OpenMMLab's packages, and the names of their projects.
PKG2PROJECT = MODULE2PACKAGE = {
    "mmaction": "mmaction2",
    "mmcls": "mmcls",
    "mmdet": "mmdet",
    "mmdet3d": "mmdet3d",
    "mmedit": "mmedit",
    "mmfewshot": "mmfewshot",
    "mmflow": "mmflow",
    "mmgen": "mmgen",
    "mmhuman3d": "mmhuman3d",
    "mmagic": "mmagic",
    "mmocr": "mmocr",
    "mmpose": "mmpose",
    "mmpretrain": "mmpretrain",
    "mmrazor": "mmrazor",
    "mmrotate": "mmrotate",
    "mmseg": "mmsegmentation",
    "mmselfsup": "mmselfsup",
    "mmtrack": "mmtrack",
    "mmyolo": "mmyolo",
}
