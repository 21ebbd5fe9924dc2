"""Maps of state dict keys of other libraries to those of `ImageClassifier`.

Each is a list of patterns and replacements for `revise_keys` of `engine.runner.load_checkpoint` and
of `dict(type='Pretrained', ...)`. With `prefix='backbone.'` the latter takes the backbone's alone.
"""

from __future__ import annotations

from engine.checkpoint import ReviseKeys

_REST = (r"^(?!head\.|backbone\.)", "backbone.")

TIMM_RESNET: ReviseKeys = ((r"^fc\.", "head.fc."), _REST)
"""ResNets of timm, those of the `d` variant included."""

TORCHVISION_RESNET: ReviseKeys = TIMM_RESNET
"""ResNets of torchvision."""

TIMM_VIT: ReviseKeys = ((r"^head\.", "head.fc."), _REST)
"""Vision transformers of timm: ViT, DeiT, DeiT III, DINOv2 and CLIP."""

TORCHVISION_VIT: ReviseKeys = (
    (r"^heads\.head\.", "head.fc."),
    (r"^class_token$", "cls_token"),
    (r"^conv_proj\.", "patch_embed.proj."),
    (r"^encoder\.pos_embedding$", "pos_embed"),
    (r"^encoder\.ln\.", "norm."),
    (r"^encoder\.layers\.encoder_layer_(\d+)\.", r"blocks.\1."),
    (r"\.ln_([12])\.", r".norm\1."),
    (r"\.self_attention\.in_proj_", ".attn.qkv."),
    (r"\.self_attention\.out_proj\.", ".attn.proj."),
    (r"\.mlp\.(?:0|linear_1)\.", ".mlp.fc1."),
    (r"\.mlp\.(?:3|linear_2)\.", ".mlp.fc2."),
    _REST,
)
"""Vision transformers of torchvision."""

TIMM_CONVNEXT: ReviseKeys = (_REST,)
"""ConvNeXts of timm whose head has a normalization; `LinearClsHead` needs `norm=True`."""

TORCHVISION_CONVNEXT: ReviseKeys = (
    (r"^classifier\.0\.", "head.norm."),
    (r"^classifier\.2\.", "head.fc."),
    (r"^features\.0\.", "stem."),
    *((rf"^features\.{2 * stage}\.", f"stages.{stage}.downsample.") for stage in (1, 2, 3)),
    *((rf"^features\.{2 * stage + 1}\.", f"stages.{stage}.blocks.") for stage in range(4)),
    (r"\.block\.0\.", ".conv_dw."),
    (r"\.block\.2\.", ".norm."),
    (r"\.block\.3\.", ".mlp.fc1."),
    (r"\.block\.5\.", ".mlp.fc2."),
    (r"\.layer_scale$", ".gamma"),
    _REST,
)
"""ConvNeXts of torchvision; `LinearClsHead` needs `norm=True`."""
