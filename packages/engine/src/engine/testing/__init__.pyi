from ._compare import assert_allclose as assert_allclose
from ._compare import assert_attrs_equal as assert_attrs_equal
from ._compare import assert_dict_contains_subset as assert_dict_contains_subset
from ._compare import assert_dict_has_keys as assert_dict_has_keys
from ._compare import assert_is_norm_layer as assert_is_norm_layer
from ._compare import assert_keys_equal as assert_keys_equal
from ._compare import assert_params_all_zeros as assert_params_all_zeros
from ._process import as_process as as_process
from ._process import reset as reset
from ._runner_case import RunnerTestCase as RunnerTestCase
from ._script import check_python_script as check_python_script

__all__ = [
    "RunnerTestCase",
    "as_process",
    "assert_allclose",
    "assert_attrs_equal",
    "assert_dict_contains_subset",
    "assert_dict_has_keys",
    "assert_is_norm_layer",
    "assert_keys_equal",
    "assert_params_all_zeros",
    "check_python_script",
    "reset",
]
