default_scope = "mmbeta"

val_cfg = {}
test_cfg = {}

default_hooks = dict(
    logger=dict(type="LoggerHook", interval=10),
    checkpoint=dict(type="CheckpointHook", interval=3, max_keep_ckpts=2, save_best="mIoU"),
)
custom_hooks = [dict(type="CurvesHook"), dict(type="PredictionsHook")]
visualizer = dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend")])
randomness = dict(seed=0)
