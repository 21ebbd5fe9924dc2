default_scope = "mmalpha"

val_cfg = {}
test_cfg = {}

default_hooks = dict(
    logger=dict(type="LoggerHook", interval=10),
    checkpoint=dict(type="CheckpointHook", interval=5, max_keep_ckpts=2, save_best="accuracy/top1"),
)
custom_hooks = [dict(type="CurvesHook")]
visualizer = dict(type="Visualizer", vis_backends=[dict(type="LocalVisBackend")])
randomness = dict(seed=0)
