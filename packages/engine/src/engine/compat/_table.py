"""Table of the module paths of MMEngine 0.10 and the names that each of them offers."""

from __future__ import annotations

from collections.abc import Mapping

# The modules below `mmengine`: each with the package here that has its names, and the names.
# `*config` stands for all names of the module `config`.
MODULES: Mapping[str, tuple[str, str]] = {
    "": ("engine", "__version__ version_info *config *fileio *logging *registry *utils"),
    "_strategy": (
        "engine.runner",
        "BaseStrategy DDPStrategy digit_version SingleDeviceStrategy TORCH_VERSION",
    ),
    "_strategy.base": ("engine.runner", "BaseStrategy ParamSchedulerType"),
    "_strategy.distributed": ("engine.runner", "DDPStrategy"),
    "_strategy.single_device": ("engine.runner", "SingleDeviceStrategy"),
    "analysis": (
        "engine.analysis",
        "activation_count ActivationAnalyzer flop_count FlopAnalyzer get_model_complexity_info "
        "parameter_count parameter_count_table",
    ),
    "analysis.complexity_analysis": (
        "engine.analysis",
        "activation_count ActivationAnalyzer flop_count FlopAnalyzer parameter_count "
        "parameter_count_table",
    ),
    "analysis.jit_analysis": ("engine.analysis", "JitModelAnalysis T"),
    "analysis.print_helper": (
        "engine.analysis.print_helper",
        "_format_size get_model_complexity_info",
    ),
    "config": ("engine.config", "Config ConfigDict DictAction read_base"),
    "config.config": (
        "engine.config",
        "BASE_KEY Config ConfigDict DELETE_KEY DEPRECATION_KEY DictAction read_base RESERVED_KEYS",
    ),
    "config.lazy": ("engine.config", "LazyAttr LazyObject"),
    "config.utils": ("engine.config", "ConfigParsingError MODULE2PACKAGE PKG2PROJECT"),
    "dataset": (
        "engine.dataset",
        "BaseDataset ClassBalancedDataset COLLATE_FUNCTIONS Compose ConcatDataset default_collate "
        "DefaultSampler force_full_init InfiniteSampler pseudo_collate RepeatDataset "
        "worker_init_fn",
    ),
    "dataset.base_dataset": ("engine.dataset", "BaseDataset Compose force_full_init"),
    "dataset.dataset_wrapper": (
        "engine.dataset",
        "ClassBalancedDataset ConcatDataset RepeatDataset",
    ),
    "dataset.sampler": ("engine.dataset", "DefaultSampler InfiniteSampler"),
    "dataset.utils": (
        "engine.dataset",
        "COLLATE_FUNCTIONS default_collate pseudo_collate worker_init_fn",
    ),
    "device": (
        "engine.device",
        "get_device get_max_cuda_memory get_max_musa_memory is_cuda_available is_dipu_available "
        "is_mlu_available is_mps_available is_musa_available is_npu_available "
        "is_npu_support_full_precision",
    ),
    "device.utils": (
        "engine.device",
        "DEVICE get_device get_max_cuda_memory get_max_musa_memory is_cuda_available "
        "is_dipu_available is_mlu_available is_mps_available is_musa_available is_npu_available "
        "is_npu_support_full_precision",
    ),
    "dist": (
        "engine.dist",
        "all_gather all_gather_object all_reduce all_reduce_dict all_reduce_params barrier "
        "broadcast broadcast_object_list cast_data_device collect_results collect_results_cpu "
        "collect_results_gpu gather gather_object get_backend get_comm_device get_data_device "
        "get_default_group get_dist_info get_local_group get_local_rank get_local_size get_rank "
        "get_world_size infer_launcher init_dist init_local_group is_distributed is_main_process "
        "master_only sync_random_seed",
    ),
    "dist.dist": (
        "engine.dist",
        "all_gather all_gather_object all_reduce all_reduce_dict all_reduce_params broadcast "
        "broadcast_object_list collect_results collect_results_cpu collect_results_gpu gather "
        "gather_object sync_random_seed",
    ),
    "dist.utils": (
        "engine.dist",
        "barrier cast_data_device get_backend get_comm_device get_data_device get_default_group "
        "get_dist_info get_local_group get_local_rank get_local_size get_rank get_world_size "
        "infer_launcher init_dist init_local_group is_distributed is_main_process master_only",
    ),
    "evaluator": ("engine.evaluator", "BaseMetric DumpResults Evaluator get_metric_value"),
    "evaluator.evaluator": ("engine.evaluator", "Evaluator"),
    "evaluator.metric": ("engine.evaluator", "_to_cpu BaseMetric DumpResults"),
    "evaluator.utils": ("engine.evaluator", "get_metric_value"),
    "fileio": (
        "engine.fileio",
        "BaseFileHandler BaseStorageBackend copy_if_symlink_fails copyfile copyfile_from_local "
        "copyfile_to_local copytree copytree_from_local copytree_to_local dict_from_file dump "
        "exists FileClient generate_presigned_url get get_file_backend get_local_path get_text "
        "HardDiskBackend HTTPBackend isdir isfile join_path JsonHandler list_dir_or_file "
        "list_from_file LmdbBackend load LocalBackend PickleHandler put put_text register_backend "
        "register_handler remove rmtree YamlHandler",
    ),
    "fileio.backends": (
        "engine.fileio",
        "BaseStorageBackend HTTPBackend LmdbBackend LocalBackend register_backend",
    ),
    "fileio.backends.base": ("engine.fileio", "BaseStorageBackend"),
    "fileio.backends.http_backend": ("engine.fileio", "HTTPBackend"),
    "fileio.backends.lmdb_backend": ("engine.fileio", "LmdbBackend"),
    "fileio.backends.local_backend": ("engine.fileio", "LocalBackend"),
    "fileio.backends.registry_utils": ("engine.fileio", "register_backend"),
    "fileio.file_client": ("engine.fileio", "FileClient HardDiskBackend"),
    "fileio.handlers": (
        "engine.fileio",
        "BaseFileHandler JsonHandler PickleHandler register_handler YamlHandler",
    ),
    "fileio.handlers.base": ("engine.fileio", "BaseFileHandler"),
    "fileio.handlers.json_handler": ("engine.fileio", "JsonHandler"),
    "fileio.handlers.pickle_handler": ("engine.fileio", "PickleHandler"),
    "fileio.handlers.registry_utils": ("engine.fileio", "register_handler"),
    "fileio.handlers.yaml_handler": ("engine.fileio", "YamlHandler"),
    "fileio.io": (
        "engine.fileio",
        "copy_if_symlink_fails copyfile copyfile_from_local copyfile_to_local copytree "
        "copytree_from_local copytree_to_local dump exists generate_presigned_url get "
        "get_file_backend get_local_path get_text isdir isfile join_path list_dir_or_file load "
        "put put_text remove rmtree",
    ),
    "fileio.parse": ("engine.fileio", "dict_from_file list_from_file"),
    "hooks": (
        "engine.hooks",
        "CheckpointHook DistSamplerSeedHook EarlyStoppingHook EMAHook EmptyCacheHook Hook "
        "IterTimerHook LoggerHook NaiveVisualizationHook ParamSchedulerHook PrepareTTAHook "
        "ProfilerHook RuntimeInfoHook SyncBuffersHook",
    ),
    "hooks.checkpoint_hook": ("engine.hooks", "CheckpointHook DATA_BATCH"),
    "hooks.early_stopping_hook": ("engine.hooks", "DATA_BATCH EarlyStoppingHook"),
    "hooks.ema_hook": ("engine.hooks", "EMAHook"),
    "hooks.empty_cache_hook": ("engine.hooks", "DATA_BATCH EmptyCacheHook"),
    "hooks.hook": ("engine.hooks", "DATA_BATCH Hook"),
    "hooks.iter_timer_hook": ("engine.hooks", "DATA_BATCH IterTimerHook"),
    "hooks.logger_hook": ("engine.hooks", "DATA_BATCH LoggerHook SUFFIX_TYPE"),
    "hooks.naive_visualization_hook": ("engine.hooks", "DATA_BATCH NaiveVisualizationHook"),
    "hooks.param_scheduler_hook": ("engine.hooks", "DATA_BATCH ParamSchedulerHook"),
    "hooks.profiler_hook": ("engine.hooks", "ProfilerHook"),
    "hooks.runtime_info_hook": ("engine.hooks", "DATA_BATCH RuntimeInfoHook"),
    "hooks.sampler_seed_hook": ("engine.hooks", "DistSamplerSeedHook"),
    "hooks.sync_buffer_hook": ("engine.hooks", "SyncBuffersHook"),
    "hooks.test_time_aug_hook": ("engine.hooks", "build_runner_with_tta PrepareTTAHook"),
    "hub": ("engine.compat._hub", "get_config get_model"),
    "hub.hub": ("engine.compat._hub", "get_config get_model"),
    "infer": ("engine.infer", "BaseInferencer"),
    "infer.infer": (
        "engine.infer",
        "BaseInferencer ConfigType ImgType InferencerMeta InputsType InputType InstanceList "
        "ModelType ResType",
    ),
    "logging": ("engine.logging", "HistoryBuffer MessageHub MMLogger print_log"),
    "logging.history_buffer": ("engine.logging", "HistoryBuffer"),
    "logging.logger": ("engine.logging", "MMLogger print_log"),
    "logging.message_hub": ("engine.logging", "MessageHub"),
    "model": (
        "engine.model",
        "BaseAveragedModel BaseDataPreprocessor BaseInit BaseModel BaseModule BaseTTAModel "
        "bias_init_with_prob caffe2_xavier_init Caffe2XavierInit constant_init ConstantInit "
        "convert_sync_batchnorm detect_anomalous_params digit_version ExponentialMovingAverage "
        "ImgDataPreprocessor initialize is_model_wrapper kaiming_init KaimingInit merge_dict "
        "MMDistributedDataParallel MMSeparateDistributedDataParallel ModuleDict ModuleList "
        "MomentumAnnealingEMA normal_init NormalInit PretrainedInit revert_sync_batchnorm "
        "Sequential stack_batch StochasticWeightAverage TORCH_VERSION trunc_normal_init "
        "TruncNormalInit uniform_init UniformInit update_init_info xavier_init XavierInit",
    ),
    "model.averaged_model": (
        "engine.model",
        "BaseAveragedModel ExponentialMovingAverage MomentumAnnealingEMA StochasticWeightAverage",
    ),
    "model.base_model": ("engine.model", "BaseDataPreprocessor BaseModel ImgDataPreprocessor"),
    "model.base_model.base_model": ("engine.model", "BaseModel"),
    "model.base_model.data_preprocessor": (
        "engine.model",
        "BaseDataPreprocessor CastData ImgDataPreprocessor",
    ),
    "model.base_module": ("engine.model", "BaseModule ModuleDict ModuleList Sequential"),
    "model.efficient_conv_bn_eval": ("engine.model", "turn_on_efficient_conv_bn_eval"),
    "model.test_time_aug": (
        "engine.model",
        "BaseTTAModel DATA_BATCH EnhancedBatchDataSamples EnhancedBatchInputs MergedDataSamples",
    ),
    "model.utils": (
        "engine.model",
        "_BatchNormXd convert_sync_batchnorm detect_anomalous_params merge_dict "
        "revert_sync_batchnorm stack_batch",
    ),
    "model.weight_init": (
        "engine.model",
        "BaseInit bias_init_with_prob caffe2_xavier_init Caffe2XavierInit constant_init "
        "ConstantInit initialize kaiming_init KaimingInit normal_init NormalInit PretrainedInit "
        "trunc_normal_ trunc_normal_init TruncNormalInit uniform_init UniformInit "
        "update_init_info xavier_init XavierInit",
    ),
    "model.wrappers": (
        "engine.model",
        "digit_version is_model_wrapper MMDistributedDataParallel "
        "MMSeparateDistributedDataParallel TORCH_VERSION",
    ),
    "model.wrappers.distributed": ("engine.model", "MMDistributedDataParallel"),
    "model.wrappers.seperate_distributed": ("engine.model", "MMSeparateDistributedDataParallel"),
    "model.wrappers.utils": ("engine.model", "is_model_wrapper"),
    "optim": (
        "engine.optim",
        "_ParamScheduler AmpOptimWrapper BaseOptimWrapper build_optim_wrapper ConstantLR "
        "ConstantMomentum ConstantParamScheduler CosineAnnealingLR CosineAnnealingMomentum "
        "CosineAnnealingParamScheduler DefaultOptimWrapperConstructor ExponentialLR "
        "ExponentialMomentum ExponentialParamScheduler LinearLR LinearMomentum "
        "LinearParamScheduler MultiStepLR MultiStepMomentum MultiStepParamScheduler OneCycleLR "
        "OneCycleParamScheduler OPTIM_WRAPPER_CONSTRUCTORS OPTIMIZERS OptimWrapper "
        "OptimWrapperDict PolyLR PolyMomentum PolyParamScheduler ReduceOnPlateauLR "
        "ReduceOnPlateauMomentum ReduceOnPlateauParamScheduler StepLR StepMomentum "
        "StepParamScheduler ZeroRedundancyOptimizer",
    ),
    "optim.optimizer": (
        "engine.optim",
        "AmpOptimWrapper BaseOptimWrapper build_optim_wrapper DefaultOptimWrapperConstructor "
        "OPTIM_WRAPPER_CONSTRUCTORS OPTIMIZERS OptimWrapper OptimWrapperDict "
        "ZeroRedundancyOptimizer",
    ),
    "optim.optimizer.amp_optimizer_wrapper": ("engine.optim", "AmpOptimWrapper"),
    "optim.optimizer.base": ("engine.optim", "BaseOptimWrapper"),
    "optim.optimizer.builder": ("engine.optim", "build_optim_wrapper TORCH_OPTIMIZERS"),
    "optim.optimizer.default_constructor": ("engine.optim", "DefaultOptimWrapperConstructor"),
    "optim.optimizer.optimizer_wrapper": ("engine.optim", "OptimWrapper"),
    "optim.optimizer.optimizer_wrapper_dict": ("engine.optim", "OptimWrapperDict"),
    "optim.optimizer.zero_optimizer": ("engine.optim", "ZeroRedundancyOptimizer"),
    "optim.scheduler": (
        "engine.optim.scheduler",
        "_ParamScheduler ConstantLR ConstantMomentum ConstantParamScheduler CosineAnnealingLR "
        "CosineAnnealingMomentum CosineAnnealingParamScheduler CosineRestartLR "
        "CosineRestartMomentum CosineRestartParamScheduler ExponentialLR ExponentialMomentum "
        "ExponentialParamScheduler LinearLR LinearMomentum LinearParamScheduler MultiStepLR "
        "MultiStepMomentum MultiStepParamScheduler OneCycleLR OneCycleParamScheduler PolyLR "
        "PolyMomentum PolyParamScheduler ReduceOnPlateauLR ReduceOnPlateauMomentum "
        "ReduceOnPlateauParamScheduler StepLR StepMomentum StepParamScheduler",
    ),
    "optim.scheduler.lr_scheduler": (
        "engine.optim.scheduler",
        "ConstantLR CosineAnnealingLR CosineRestartLR ExponentialLR LinearLR LRSchedulerMixin "
        "MultiStepLR OneCycleLR PolyLR ReduceOnPlateauLR StepLR",
    ),
    "optim.scheduler.momentum_scheduler": (
        "engine.optim.scheduler",
        "ConstantMomentum CosineAnnealingMomentum CosineRestartMomentum ExponentialMomentum "
        "LinearMomentum MomentumSchedulerMixin MultiStepMomentum PolyMomentum "
        "ReduceOnPlateauMomentum StepMomentum",
    ),
    "optim.scheduler.param_scheduler": (
        "engine.optim.scheduler",
        "_ParamScheduler ConstantParamScheduler CosineAnnealingParamScheduler "
        "CosineRestartParamScheduler ExponentialParamScheduler INF LinearParamScheduler "
        "MultiStepParamScheduler OneCycleParamScheduler OptimizerType PolyParamScheduler "
        "ReduceOnPlateauParamScheduler StepParamScheduler",
    ),
    "registry": (
        "engine.registry",
        "build_from_cfg build_model_from_cfg build_runner_from_cfg build_scheduler_from_cfg "
        "count_registered_modules DATA_SAMPLERS DATASETS DefaultScope EVALUATOR FUNCTIONS HOOKS "
        "INFERENCERS init_default_scope LOG_PROCESSORS LOOPS METRICS MODEL_WRAPPERS MODELS "
        "OPTIM_WRAPPER_CONSTRUCTORS OPTIM_WRAPPERS OPTIMIZERS PARAM_SCHEDULERS Registry "
        "RUNNER_CONSTRUCTORS RUNNERS STRATEGIES TASK_UTILS TRANSFORMS traverse_registry_tree "
        "VISBACKENDS VISUALIZERS WEIGHT_INITIALIZERS",
    ),
    "registry.build_functions": (
        "engine.registry",
        "build_from_cfg build_model_from_cfg build_optimizer_from_cfg build_runner_from_cfg "
        "build_scheduler_from_cfg",
    ),
    "registry.default_scope": ("engine.registry", "DefaultScope"),
    "registry.registry": ("engine.registry", "Registry"),
    "registry.root": (
        "engine.registry",
        "DATA_SAMPLERS DATASETS EVALUATOR FUNCTIONS HOOKS INFERENCERS LOG_PROCESSORS LOOPS "
        "METRICS MODEL_WRAPPERS MODELS OPTIM_WRAPPER_CONSTRUCTORS OPTIM_WRAPPERS OPTIMIZERS "
        "PARAM_SCHEDULERS RUNNER_CONSTRUCTORS RUNNERS STRATEGIES TASK_UTILS TRANSFORMS "
        "VISBACKENDS VISUALIZERS WEIGHT_INITIALIZERS",
    ),
    "registry.utils": (
        "engine.registry",
        "count_registered_modules init_default_scope traverse_registry_tree",
    ),
    "runner": (
        "engine.runner",
        "autocast BaseLoop CheckpointLoader EpochBasedTrainLoop find_latest_checkpoint "
        "FlexibleRunner get_deprecated_model_names get_external_models get_mmcls_models "
        "get_priority get_state_dict get_torchvision_models IterBasedTrainLoop load_checkpoint "
        "load_state_dict LogProcessor Priority Runner save_checkpoint set_random_seed TestLoop "
        "turn_on_activation_checkpointing ValLoop weights_to_cpu",
    ),
    "runner._flexible_runner": (
        "engine.runner",
        "ConfigType FlexibleRunner OptimWrapperType ParamSchedulerType",
    ),
    "runner.activation_checkpointing": ("engine.runner", "turn_on_activation_checkpointing"),
    "runner.amp": ("engine.runner", "autocast"),
    "runner.base_loop": ("engine.runner", "BaseLoop"),
    "runner.checkpoint": (
        "engine.runner",
        "_load_checkpoint _load_checkpoint_to_model _load_checkpoint_with_prefix CheckpointLoader "
        "DEFAULT_CACHE_DIR ENV_MMENGINE_HOME ENV_XDG_CACHE_HOME find_latest_checkpoint "
        "get_deprecated_model_names get_external_models get_mmcls_models get_state_dict "
        "get_torchvision_models load_checkpoint load_from_http load_from_local load_from_mmcls "
        "load_from_openmmlab load_from_torchvision load_state_dict save_checkpoint weights_to_cpu",
    ),
    "runner.log_processor": ("engine.runner", "LogProcessor"),
    "runner.loops": (
        "engine.runner",
        "_InfiniteDataloaderIterator EpochBasedTrainLoop IterBasedTrainLoop TestLoop ValLoop",
    ),
    "runner.priority": ("engine.runner", "get_priority Priority"),
    "runner.runner": ("engine.runner", "ConfigType OptimWrapperType ParamSchedulerType Runner"),
    "runner.utils": ("engine.runner", "calc_dynamic_intervals set_random_seed"),
    "structures": ("engine.structures", "BaseDataElement InstanceData LabelData PixelData"),
    "structures.base_data_element": ("engine.structures", "BaseDataElement"),
    "structures.instance_data": (
        "engine.structures",
        "BoolTypeTensor IndexType InstanceData LongTypeTensor",
    ),
    "structures.label_data": ("engine.structures", "LabelData"),
    "structures.pixel_data": ("engine.structures", "PixelData"),
    "testing": (
        "engine.testing",
        "assert_allclose assert_attrs_equal assert_dict_contains_subset assert_dict_has_keys "
        "assert_is_norm_layer assert_keys_equal assert_params_all_zeros check_python_script "
        "RunnerTestCase",
    ),
    "testing.compare": (
        "engine.testing",
        "assert_allclose assert_attrs_equal assert_dict_contains_subset assert_dict_has_keys "
        "assert_is_norm_layer assert_keys_equal assert_params_all_zeros check_python_script",
    ),
    "testing.runner_test_case": (
        "engine.testing._runner_case",
        "RunnerTestCase ToyDataset ToyMetric ToyModel",
    ),
    "utils": (
        "engine.utils",
        "apply_to check_file_exist check_prerequisites check_time concat_list "
        "deprecated_api_warning deprecated_function digit_version fopen get_git_hash "
        "get_installed_path get_object_from_string has_method import_modules_from_strings is_abs "
        "is_filepath is_installed is_list_of is_method_overridden is_seq_of is_str is_tuple_of "
        "iter_cast list_cast ManagerMeta ManagerMixin mkdir_or_exist ProgressBar "
        "requires_executable requires_package scandir slice_list symlink Timer TimerError "
        "to_1tuple to_2tuple to_3tuple to_4tuple to_ntuple track_iter_progress "
        "track_parallel_progress track_progress track_progress_rich tuple_cast",
    ),
    "utils.dl_utils": (
        "engine.utils.dl_utils",
        "collect_env has_batch_norm is_jit_tracing is_norm load_url mmcv_full_available "
        "set_multi_processing tensor2imgs TimeCounter torch_meshgrid TORCH_VERSION",
    ),
    "utils.dl_utils.collect_env": ("engine.utils.dl_utils", "collect_env"),
    "utils.dl_utils.hub": ("engine.utils.dl_utils", "load_url"),
    "utils.dl_utils.misc": (
        "engine.utils.dl_utils",
        "has_batch_norm is_norm mmcv_full_available tensor2imgs",
    ),
    "utils.dl_utils.parrots_wrapper": (
        "engine.utils.dl_utils.parrots_wrapper",
        "_BatchNorm _ConvNd _InstanceNorm get_build_config is_rocm_pytorch SyncBatchNorm "
        "SyncBatchNorm_ TORCH_VERSION",
    ),
    "utils.dl_utils.setup_env": ("engine.utils.dl_utils", "set_multi_processing"),
    "utils.dl_utils.time_counter": ("engine.utils.dl_utils", "TimeCounter"),
    "utils.dl_utils.torch_ops": ("engine.utils.dl_utils", "torch_meshgrid"),
    "utils.dl_utils.trace": ("engine.utils.dl_utils", "is_jit_tracing"),
    "utils.manager": ("engine.utils", "ManagerMeta ManagerMixin T"),
    "utils.misc": (
        "engine.utils",
        "apply_to check_prerequisites concat_list deprecated_api_warning deprecated_function "
        "get_object_from_string has_method import_modules_from_strings is_list_of "
        "is_method_overridden is_seq_of is_str is_tuple_of iter_cast list_cast "
        "requires_executable requires_package slice_list to_1tuple to_2tuple to_3tuple to_4tuple "
        "to_ntuple tuple_cast",
    ),
    "utils.package_utils": ("engine.utils", "get_installed_path is_installed package2module"),
    "utils.path": (
        "engine.utils",
        "check_file_exist find_vcs_root fopen is_abs is_filepath mkdir_or_exist scandir symlink",
    ),
    "utils.progressbar": (
        "engine.utils.progressbar",
        "init_pool ProgressBar track_iter_progress track_parallel_progress track_progress",
    ),
    "utils.progressbar_rich": ("engine.utils", "track_progress_rich"),
    "utils.timer": ("engine.utils", "check_time Timer TimerError"),
    "utils.version_utils": ("engine.utils", "digit_version get_git_hash"),
    "version": ("engine.compat._version", "parse_version_info version_info"),
    "visualization": (
        "engine.visualization",
        "AimVisBackend BaseVisBackend ClearMLVisBackend DVCLiveVisBackend LocalVisBackend "
        "MLflowVisBackend NeptuneVisBackend TensorboardVisBackend Visualizer WandbVisBackend",
    ),
    "visualization.utils": (
        "engine.visualization.utils",
        "check_length check_type check_type_and_length color_str2rgb color_val_matplotlib "
        "convert_overlay_heatmap img_from_canvas tensor2ndarray value2list wait_continue",
    ),
    "visualization.vis_backend": (
        "engine.visualization",
        "AimVisBackend BaseVisBackend ClearMLVisBackend DVCLiveVisBackend force_init_env "
        "LocalVisBackend MLflowVisBackend NeptuneVisBackend TensorboardVisBackend WandbVisBackend",
    ),
    "visualization.visualizer": ("engine.visualization", "VisBackendsType Visualizer"),
}

# Names that another module has: `NAME` for every module, `MODULE.NAME` for one. Where the name
# differs there, it follows a colon.
PLACES: Mapping[str, str] = {
    "BASE_KEY": "engine.compat._config",
    "BoolTypeTensor": "engine.compat._types",
    "CastData": "engine.compat._types",
    "ConfigParsingError": "engine.config:ConfigError",
    "ConfigType": "engine.compat._types",
    "DATA_BATCH": "engine.compat._types",
    "DELETE_KEY": "engine.compat._config",
    "DEPRECATION_KEY": "engine.compat._config",
    "DEFAULT_CACHE_DIR": "engine.compat._schemes",
    "DEVICE": "engine.compat._device",
    "ENV_MMENGINE_HOME": "engine.compat._schemes",
    "ENV_XDG_CACHE_HOME": "engine.compat._schemes",
    "EnhancedBatchDataSamples": "engine.compat._types",
    "EnhancedBatchInputs": "engine.compat._types",
    "FileClient": "engine.compat._file_client",
    "HardDiskBackend": "engine.compat._file_client",
    "ImgType": "engine.compat._types",
    "INF": "engine.optim.scheduler.param_scheduler",
    "IndexType": "engine.compat._types",
    "InferencerMeta": "abc:ABCMeta",
    "InputType": "engine.compat._types",
    "InputsType": "engine.compat._types",
    "InstanceList": "engine.compat._types",
    "JitModelAnalysis": "engine.analysis._analyzers:_Analyzer",
    "LazyAttr": "engine.config:FailedImport",
    "LazyObject": "engine.config:FailedImport",
    "LongTypeTensor": "engine.compat._types",
    "MODULE2PACKAGE": "engine.compat._config",
    "MergedDataSamples": "engine.compat._types",
    "ManagerMeta": "engine.utils._manager",
    "ModelType": "engine.compat._types",
    "OptimWrapperType": "engine.compat._types",
    "OptimizerType": "engine.compat._types",
    "PKG2PROJECT": "engine.compat._config",
    "ParamSchedulerType": "engine.compat._types",
    "RESERVED_KEYS": "engine.compat._config",
    "ResType": "engine.compat._types",
    "SUFFIX_TYPE": "engine.compat._types",
    "T": "engine.compat._types",
    "TORCH_VERSION": "engine.utils.dl_utils",
    "VisBackendsType": "engine.compat._types",
    "_BatchNormXd": "engine.model._batchnorm:_AnyBatchNorm",
    "_InfiniteDataloaderIterator": "engine.compat._loops",
    "__version__": "engine.compat._version",
    "_load_checkpoint": "engine.compat._checkpoint",
    "_load_checkpoint_to_model": "engine.compat._checkpoint",
    "_load_checkpoint_with_prefix": "engine.compat._checkpoint",
    "_to_cpu": "engine.evaluator._metric:_on_cpu",
    "calc_dynamic_intervals": "engine.runner._train_loops",
    "digit_version": "engine.utils",
    "get_deprecated_model_names": "engine.compat._schemes",
    "get_external_models": "engine.compat._schemes",
    "get_mmcls_models": "engine.compat._schemes",
    "get_model_complexity_info": "engine.analysis",
    "find_vcs_root": "engine.utils._path",
    "get_build_config": "torch.__config__:show",
    "get_max_musa_memory": "engine.compat._device",
    "is_dipu_available": "engine.compat._device",
    "is_mlu_available": "engine.compat._device",
    "is_musa_available": "engine.compat._device",
    "is_npu_available": "engine.compat._device",
    "is_npu_support_full_precision": "engine.compat._device",
    "load_from_http": "engine.compat._checkpoint",
    "load_from_local": "engine.compat._checkpoint",
    "load_from_mmcls": "engine.compat._schemes",
    "load_from_openmmlab": "engine.compat._schemes",
    "load_from_torchvision": "engine.compat._schemes",
    "package2module": "engine.utils._package",
    "to_1tuple": "engine.compat._tuples",
    "to_2tuple": "engine.compat._tuples",
    "to_3tuple": "engine.compat._tuples",
    "to_4tuple": "engine.compat._tuples",
    "to_ntuple": "engine.compat._tuples",
    "trunc_normal_": "torch.nn.init",
    "version_info": "engine.compat._version",
}

# Names, and whole modules, that are not served, by the reason.
NOT_SERVED: Mapping[str, str] = {
    "Petrel, Memcached, Ceph and Pavi are services of OpenMMLab": (
        "PetrelBackend MemcachedBackend load_from_ceph load_from_pavi "
        "fileio.backends.memcached_backend fileio.backends.petrel_backend"
    ),
    "Apex is superseded by torch.amp: use AmpOptimWrapper": (
        "ApexOptimWrapper optim.optimizer.apex_optimizer_wrapper"
    ),
    "ColossalAI and DeepSpeed are not supported": (
        "ColossalAIStrategy DeepSpeedStrategy _strategy.colossalai _strategy.deepspeed"
    ),
    "use FSDPStrategy of engine.runner, which shards a model without a wrapper": (
        "MMFullyShardedDataParallel MetaTensorContext _strategy.fsdp _strategy.utils "
        "model.wrappers.fully_sharded_distributed"
    ),
    "operators are counted as they run, not in a TorchScript trace": (
        "Statistics analysis.jit_handles"
    ),
    "get_model_complexity_info returns a table and a text": (
        "complexity_stats_str complexity_stats_table"
    ),
    "a library for training does not install packages": "call_command install_package",
    "a config is read without rewriting its syntax tree, and Config.auto_argparser makes parsers": (
        "add_args PYTHON_ROOT_DIR SYSTEM_PYTHON_PREFIX RemoveAssignFromAST ImportTransformer"
    ),
    "ProfilerHook takes the activities to profile, and torch always has Kineto": (
        "NPUProfilerHook check_kineto"
    ),
    "the registries of backends and handlers are private: use register_backend and "
    "register_handler": "backends prefix_to_backends backend_instances file_handlers set_default",
    "the root registry OPTIMIZERS has all optimizers of torch; a config names one of another "
    "package by its dotted path": (
        "register_torch_optimizers register_torch_npu_optimizers NPU_OPTIMIZERS "
        "register_dadaptation_optimizers DADAPTATION_OPTIMIZERS register_lion_optimizers "
        "LION_OPTIMIZERS register_sophia_optimizers SOPHIA_OPTIMIZERS "
        "register_bitsandbytes_optimizers BITSANDBYTES_OPTIMIZERS "
        "register_transformers_optimizers TRANSFORMERS_OPTIMIZERS"
    ),
    "use turn_on_efficient_conv_bn_eval": (
        "efficient_conv_bn_eval_forward efficient_conv_bn_eval_control "
        "efficient_conv_bn_eval_graph_transform turn_on_efficient_conv_bn_eval_for_single_model"
    ),
    "use turn_on_activation_checkpointing": "wrap_forward",
    "log records are formatted by engine.logging": "FilterDuplicateWarning MMFormatter",
    "`engine plot` draws the schedules of a config": "utils.dl_utils.visualize",
    "tests of several processes start them with torch.multiprocessing or torchrun": (
        "testing._internal testing._internal.distributed"
    ),
}
