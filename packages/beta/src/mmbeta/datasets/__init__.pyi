from .digits_canvas import DigitsCanvas as DigitsCanvas
from .transforms import PackSegInputs as PackSegInputs

__all__ = ["DigitsCanvas", "PackSegInputs"]
