from ._error import CheckpointError as CheckpointError
from ._file import read_checkpoint as read_checkpoint
from ._file import save_checkpoint as save_checkpoint
from ._loader import CheckpointLoader as CheckpointLoader
from ._loader import check_exists as check_exists
from ._loader import get_torchvision_models as get_torchvision_models
from ._weights import WITHOUT_WRAPPER as WITHOUT_WRAPPER
from ._weights import ReviseKeys as ReviseKeys
from ._weights import clone_tensors as clone_tensors
from ._weights import export_weights as export_weights
from ._weights import metadata_of as metadata_of
from ._weights import rename_keys as rename_keys
from ._weights import weights_of as weights_of

__all__ = [
    "WITHOUT_WRAPPER",
    "CheckpointError",
    "CheckpointLoader",
    "ReviseKeys",
    "check_exists",
    "clone_tensors",
    "export_weights",
    "get_torchvision_models",
    "metadata_of",
    "read_checkpoint",
    "rename_keys",
    "save_checkpoint",
    "weights_of",
]
