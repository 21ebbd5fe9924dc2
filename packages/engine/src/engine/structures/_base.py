"""Base class of data elements."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import torch

_BOOKS = ("_metainfo_fields", "_data_fields")

# Up to so many values an array is shown whole.
_SHOWN = 16

# What needs no copy.
_ATOMS = frozenset({str, int, float, bool, bytes, type(None)})


class BaseDataElement:
    """Annotations or predictions of a sample, as attributes.

    There are two kinds of fields. Data (boxes, masks, scores) are set as attributes and follow
    `to`, `numpy` and the like: what has a method of that name, as tensors and elements do, is
    converted by it, all else stays. Meta information (the size of the image, its path) is copied
    when it is set, and changes through `set_metainfo` only.

    A subclass can give a field a type with a property:

        _gt_instances: InstanceData

        @property
        def gt_instances(self) -> InstanceData:
            return self._gt_instances

        @gt_instances.setter
        def gt_instances(self, value: InstanceData) -> None:
            self.set_field(value, "_gt_instances", dtype=InstanceData)

    Args:
        metainfo: The meta information.
        kwargs: The data.
    """

    _metainfo_fields: dict[str, None]
    _data_fields: dict[str, None]
    _plain_names: ClassVar[set[str]] = set()
    """Names of fields that are kept as they are: no property of the class has them."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._plain_names = set()

    def __init__(self, *, metainfo: Mapping[str, Any] | None = None, **kwargs: Any) -> None:
        # The names of the fields, in the order in which they were set.
        kept = self.__dict__
        kept["_metainfo_fields"], kept["_data_fields"] = {}, {}
        if metainfo is not None:
            self.set_metainfo(metainfo)
        for name, value in kwargs.items():
            setattr(self, name, value)

    if TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any: ...

    def __setattr__(self, name: str, value: Any) -> None:
        """Set a field of data."""
        kept = self.__dict__
        if name in self._plain_names and name not in kept["_metainfo_fields"]:
            kept["_data_fields"][name] = None
            kept[name] = value
            return
        if name in _BOOKS:
            raise AttributeError(f"{name} is the book of a {type(self).__name__} and can't be set")
        if _is_property(self, name):
            object.__setattr__(self, name, value)
        else:
            self.set_field(value, name)
            kind = type(self)
            if kind.__setattr__ is BaseDataElement.__setattr__ and _keeps_plainly(kind, name):
                kind._plain_names.add(name)

    def __delattr__(self, name: str) -> None:
        """Remove a field."""
        if name in _BOOKS:
            raise AttributeError(f"{name} is the book of a {type(self).__name__} and can't go")
        object.__delattr__(self, self._stored_name(name))
        field = self._field_name(name)
        self._data_fields.pop(field, None)
        self._metainfo_fields.pop(field, None)

    def set_metainfo(self, metainfo: Mapping[str, Any]) -> None:
        """Add or change meta information, by a copy.

        Args:
            metainfo: Names and values.

        Raises:
            TypeError: If `metainfo` is no mapping.
            AttributeError: If a name is one of a field of data.
        """
        if type(metainfo) is not dict:  # the check takes longer than all else
            check_type("metainfo", metainfo, Mapping)
        plain, kept = self._plain_names, self.__dict__
        fields, others = self._metainfo_fields, self._data_fields
        for name, value in metainfo.items():
            if name in plain and name not in others:
                fields[name] = None
                kept[name] = _copy(value)
            else:
                self.set_field(_copy(value), name, field_type="metainfo")

    def set_data(self, data: Mapping[str, Any]) -> None:
        """Add or change data.

        Args:
            data: Names and values.

        Raises:
            TypeError: If `data` is no mapping.
            AttributeError: If a name is one of a field of meta information.
        """
        check_type("data", data, Mapping)
        for name, value in data.items():
            setattr(self, name, value)

    def set_field(
        self,
        value: Any,
        name: str,
        dtype: type | tuple[type, ...] | None = None,
        field_type: str = "data",
    ) -> None:
        """Add or change a field, with a check of its type.

        Args:
            value: The value.
            name: The name; `_x` means `x` if the class has a property `x`.
            dtype: The type or types that the value must have.
            field_type: `'data'` or `'metainfo'`.

        Raises:
            TypeError: If the value has another type.
            AttributeError: If the name is one of a field of the other kind.
            ValueError: If there is no such kind of fields.
        """
        if dtype is not None and not isinstance(value, dtype):
            types = dtype if isinstance(dtype, tuple) else (dtype,)
            wanted = " or ".join(each.__name__ for each in types)
            raise TypeError(
                f"{type(self).__name__}.{self._field_name(name)} must be a {wanted}, "
                f"not a {type(value).__name__}"
            )
        if field_type not in ("data", "metainfo"):
            raise ValueError(f"field_type is 'data' or 'metainfo', not {field_type!r}")
        fields, others = self._data_fields, self._metainfo_fields
        if field_type == "metainfo":
            fields, others = others, fields
        field = self._field_name(name)
        if field in others:
            other = "metainfo" if field_type == "data" else "data"
            raise AttributeError(
                f"{field!r} can't be a field of {field_type}: it is one of {other} already"
            )
        fields[field] = None
        object.__setattr__(self, name, value)

    def update(self, instance: BaseDataElement) -> None:
        """Take over all fields of another element.

        Args:
            instance: The other element.

        Raises:
            TypeError: If it is no element.
        """
        check_type("instance", instance, BaseDataElement)
        self.set_metainfo(instance.metainfo)
        self.set_data(dict(instance.items()))

    def new(self, *, metainfo: Mapping[str, Any] | None = None, **kwargs: Any) -> Self:
        """Return an element of the same class, with other meta information or other data.

        Args:
            metainfo: The meta information; by default, a copy of this element's.
            kwargs: The data; by default, this element's, which is not copied.
        """
        made = type(self)(metainfo=self.metainfo if metainfo is None else metainfo)
        made.set_data(kwargs or dict(self.items()))
        return made

    def clone(self) -> Self:
        """Return an independent copy; gradients flow through the copies of tensors."""
        return self._each(_clone)

    def keys(self) -> list[str]:
        """Return the names of the data."""
        return list(self._data_fields)

    def metainfo_keys(self) -> list[str]:
        """Return the names of the meta information."""
        return list(self._metainfo_fields)

    def all_keys(self) -> list[str]:
        """Return the names of all fields."""
        return self.metainfo_keys() + self.keys()

    def values(self) -> list[Any]:
        """Return the data."""
        return [getattr(self, name) for name in self._data_fields]

    def metainfo_values(self) -> list[Any]:
        """Return the meta information."""
        return [getattr(self, name) for name in self._metainfo_fields]

    def all_values(self) -> list[Any]:
        """Return the values of all fields."""
        return self.metainfo_values() + self.values()

    def items(self) -> Iterator[tuple[str, Any]]:
        """Iterate over the names and values of the data."""
        return zip(self.keys(), self.values(), strict=True)

    def metainfo_items(self) -> Iterator[tuple[str, Any]]:
        """Iterate over the names and values of the meta information."""
        return zip(self.metainfo_keys(), self.metainfo_values(), strict=True)

    def all_items(self) -> Iterator[tuple[str, Any]]:
        """Iterate over the names and values of all fields."""
        return zip(self.all_keys(), self.all_values(), strict=True)

    @property
    def metainfo(self) -> dict[str, Any]:
        """The meta information as a dictionary."""
        return dict(self.metainfo_items())

    def __contains__(self, name: str) -> bool:
        """Tell whether there is a field of this name."""
        return name in self._data_fields or name in self._metainfo_fields

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a field, or a default where there is none.

        Args:
            key: The name of the field.
            default: The default.
        """
        return getattr(self, key) if key in self else default

    def pop(self, key: str, *default: Any) -> Any:
        """Remove a field and return its value, or a default where there is none.

        Args:
            key: The name of the field.
            default: The default.

        Raises:
            KeyError: If there is neither the field nor a default.
        """
        if key in self:
            value = getattr(self, key)
            delattr(self, key)
            return value
        if not default:
            raise KeyError(f"{key!r} is no field; there are {', '.join(self.all_keys())}")
        return default[0]

    def to(self, *args: Any, **kwargs: Any) -> Self:
        """Return an element whose tensors are on another device or of another type.

        Args:
            args: The arguments of `Tensor.to`.
            kwargs: The same.
        """
        return self._each(
            lambda value: (
                value.to(*args, **kwargs)
                if type(value) is torch.Tensor  # as most are, and no look for a method is needed
                else _call(value, "to", *args, **kwargs)
            )
        )

    def cpu(self) -> Self:
        """Return an element whose tensors are in main memory."""
        return self._each(lambda value: _call(value, "cpu"))

    def cuda(self) -> Self:
        """Return an element whose tensors are on the current GPU."""
        return self._each(lambda value: _call(value, "cuda"))

    def detach(self) -> Self:
        """Return an element whose tensors have no history of gradients."""
        return self._each(lambda value: _call(value, "detach"))

    def numpy(self) -> Self:
        """Return an element with NumPy arrays in place of tensors."""
        return self._each(_as_array)

    def to_tensor(self) -> Self:
        """Return an element with tensors in place of NumPy arrays."""
        return self._each(_as_tensor)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields as a dictionary, elements inside as dictionaries too."""
        plain, kept = self._plain_names, self.__dict__
        return {
            name: value.to_dict() if isinstance(value, BaseDataElement) else value
            for fields in (self._metainfo_fields, self._data_fields)
            for name in fields
            for value in (kept[name] if name in plain else getattr(self, name),)
        }

    def __repr__(self) -> str:
        """Show all fields, long arrays by their shape."""
        meta = [f"    {name}: {_format(value)}" for name, value in self.metainfo_items()]
        data = [f"    {name}: {_format(value)}" for name, value in self.items()]
        lines = ["", "    META INFORMATION", *meta, "", "    DATA FIELDS", *data]
        return f"<{type(self).__name__}(" + "\n".join(lines) + f"\n) at {id(self):#x}>"

    def _each(self, convert: Callable[[Any], Any]) -> Self:
        """Return an element with the same fields, whose data went through a function.

        The checks of `set_field` are left out: they were made when the data came in.
        """
        made = object.__new__(type(self))
        plain, old, new = self._plain_names, self.__dict__, made.__dict__
        meta, data = old["_metainfo_fields"], old["_data_fields"]
        new["_metainfo_fields"], new["_data_fields"] = meta.copy(), data.copy()
        for name in meta:
            stored = name if name in plain else self._stored_name(name)
            new[stored] = _copy(old[stored])
        for name in data:
            stored = name if name in plain else self._stored_name(name)
            new[stored] = convert(old[stored])
        return made

    def _field_name(self, name: str) -> str:
        """Return the public name of a field that a property stores with an underscore."""
        return name[1:] if name[:1] == "_" and _is_property(self, name[1:]) else name

    def _stored_name(self, name: str) -> str:
        """Return the name of the attribute in which a field is kept."""
        return f"_{name}" if _is_property(self, name) and f"_{name}" in self.__dict__ else name


def _keeps_plainly(kind: type[BaseDataElement], name: str) -> bool:
    """Return whether `set_field` keeps a field in an attribute of its own name, and no more."""
    return kind.set_field is BaseDataElement.set_field and name[:1] != "_"


def _is_property(element: BaseDataElement, name: str) -> bool:
    return isinstance(getattr(type(element), name, None), property)


def _copy(value: Any) -> Any:
    kind = type(value)
    is_fixed = kind in _ATOMS or (kind is tuple and _ATOMS.issuperset(map(type, value)))
    return value if is_fixed else copy.deepcopy(value)


def _clone(value: Any) -> Any:
    is_own = isinstance(value, torch.Tensor | BaseDataElement)
    return value.clone() if is_own else copy.deepcopy(value)


def _call(value: Any, method: str, *args: Any, **kwargs: Any) -> Any:
    """Return what a method of a value returns, or the value where it has no such method."""
    convert = getattr(value, method, None)
    return value if convert is None else convert(*args, **kwargs)


def _as_array(value: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return value.detach().cpu().numpy()
    return _call(value, "numpy")


def _as_tensor(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return torch.from_numpy(value)
    return _call(value, "to_tensor")


def _format(value: Any) -> str:
    if isinstance(value, torch.Tensor) and value.numel() > _SHOWN:
        return f"tensor of shape {tuple(value.shape)}, {value.dtype} on {value.device}"
    if isinstance(value, np.ndarray) and value.size > _SHOWN:
        return f"array of shape {value.shape}, {value.dtype}"
    return repr(value).replace("\n", "\n    ")


def check_type(name: str, value: object, kind: type) -> None:
    """Raise a `TypeError` if an argument is not of its type."""
    if not isinstance(value, kind):
        raise TypeError(f"{name} must be a {kind.__name__}, not a {type(value).__name__}")
