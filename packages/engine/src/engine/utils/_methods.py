"""Check for overridden methods."""

from __future__ import annotations


def has_method(obj: object, method: str) -> bool:
    """Return whether an object has a method.

    Args:
        obj: The object.
        method: The name of the method.
    """
    return callable(getattr(obj, method, None))


def is_method_overridden(method: str, base_class: type, derived_class: type | object) -> bool:
    """Return whether a class has another method than its base.

    Args:
        method: The name of the method.
        base_class: The base.
        derived_class: The class, or an object of it.

    Raises:
        TypeError: If the base is no class.
    """
    if not isinstance(base_class, type):
        raise TypeError(f"base_class is a class; got {base_class!r}")
    derived = derived_class if isinstance(derived_class, type) else type(derived_class)
    own: object = getattr(derived, method)
    return own is not getattr(base_class, method)
