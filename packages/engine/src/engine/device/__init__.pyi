from ._device import device_of as device_of
from ._device import get_device as get_device
from ._device import get_max_cuda_memory as get_max_cuda_memory
from ._device import is_cuda_available as is_cuda_available
from ._device import is_mps_available as is_mps_available
