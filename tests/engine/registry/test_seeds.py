"""The examples of MMEngine's registry pages, each block, with `mmengine` read as `engine`.

A chapter runs in a process of its own, as its reader would run it. Where a page writes the files of
the libraries MMAlpha and MMBeta, the chapter finds them as packages that hold just these lines.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Probe = Callable[[str], str]

ACTIVATIONS = """
from engine import Registry

ACTIVATION = Registry('activation', scope='engine', locations=['engine.models.activations'])

import torch.nn as nn

@ACTIVATION.register_module()
class Sigmoid(nn.Module):
    def __init__(self):
        super().__init__()

    def forward(self, x):
        print('call Sigmoid.forward')
        return x

@ACTIVATION.register_module()
class ReLU(nn.Module):
    def __init__(self, inplace=False):
        super().__init__()

    def forward(self, x):
        print('call ReLU.forward')
        return x

@ACTIVATION.register_module()
class Softmax(nn.Module):
    def __init__(self):
        super().__init__()

    def forward(self, x):
        print('call Softmax.forward')
        return x

for name, module in ACTIVATION.module_dict.items():
    print(name, module)

import torch

input = torch.randn(2)

act_cfg = dict(type='Sigmoid')
activation = ACTIVATION.build(act_cfg)
output = activation(input)
print(output is input)

act_cfg = dict(type='ReLU', inplace=True)
activation = ACTIVATION.build(act_cfg)
output = activation(input)
print(output is input)

def build_activation(cfg, registry, *args, **kwargs):
    cfg_ = cfg.copy()
    act_type = cfg_.pop('type')
    print(f'build activation: {act_type}')
    act_cls = registry.get(act_type)
    act = act_cls(*args, **kwargs, **cfg_)
    return act

ACTIVATION = Registry('activation', build_func=build_activation, scope='engine',
                      locations=['engine.models.activations'])

@ACTIVATION.register_module()
class Tanh(nn.Module):
    def __init__(self):
        super().__init__()

    def forward(self, x):
        print('call Tanh.forward')
        return x

act_cfg = dict(type='Tanh')
activation = ACTIVATION.build(act_cfg)
output = activation(input)
print(output is input)

FUNCTION = Registry('function', scope='engine')

@FUNCTION.register_module()
def print_args(**kwargs):
    print(kwargs)

func_cfg = dict(type='print_args', a=1, b=2)
func_res = FUNCTION.build(func_cfg)
"""

ACTIVATIONS_PRINTED = """
Sigmoid <class '__main__.Sigmoid'>
ReLU <class '__main__.ReLU'>
Softmax <class '__main__.Softmax'>
call Sigmoid.forward
True
call ReLU.forward
True
build activation: Tanh
call Tanh.forward
True
{'a': 1, 'b': 2}
"""

# The files that the pages write for the two libraries.
LIBRARIES = {
    "mmalpha/__init__.py": "",
    "mmalpha/registry.py": """
from engine import Registry, MODELS as MMENGINE_MODELS
MODELS = Registry('model', parent=MMENGINE_MODELS, scope='mmalpha', locations=['mmalpha.models'])
""",
    "mmalpha/models.py": """
import torch.nn as nn
from mmalpha.registry import MODELS

@MODELS.register_module()
class LogSoftmax(nn.Module):
    def __init__(self, dim=None):
        super().__init__()

    def forward(self, x):
        print('call LogSoftmax.forward')
        return x
""",
    "mmbeta/__init__.py": "",
    "mmbeta/registry.py": """
from engine import Registry, MODELS as MMENGINE_MODELS
MODELS = Registry('model', parent=MMENGINE_MODELS, scope='mmbeta')
""",
}

PARENT_NODE = """
import torch.nn as nn
from engine import Registry, MODELS

@MODELS.register_module()
class RReLU(nn.Module):
    def __init__(self, lower=0.125, upper=0.333, inplace=False):
        super().__init__()

    def forward(self, x):
        print('call RReLU.forward')
        return x

from mmalpha.registry import MODELS

model = MODELS.build(cfg=dict(type='LogSoftmax'))
print(type(model).__module__)
model = MODELS.build(cfg=dict(type='RReLU', lower=0.2))
# scope is optional
model = MODELS.build(cfg=dict(type='mmengine.RReLU'))

import torch
input = torch.randn(2)
output = model(input)
print(output is input)
"""

SIBLING_NODE = """
import torch
from mmbeta.registry import MODELS

input = torch.randn(2)
model = MODELS.build(cfg=dict(type='mmalpha.LogSoftmax'))
output = model(input)
print(output is input)

model = MODELS.build(cfg=dict(type='LogSoftmax', _scope_='mmalpha'))
output = model(input)
print(output is input)
"""

# This one is run with the real mmalpha: its reader registers another LogSoftmax in its node.
CHILD_NODE = """
from mmalpha.registry import MODELS
from engine.registry import MODELS as MMENGINE_MODELS
from engine.registry import init_default_scope
import torch.nn as nn

@MODELS.register_module()
class LogSoftmax(nn.Module):
    def __init__(self, dim=None):
        super().__init__()

    def forward(self, x):
        print('call LogSoftmax.forward')
        return x

# Works because we are using mmalpha registry
print(MODELS.build(dict(type="LogSoftmax")))

# Fails because engine registry does not know about stuff registered in mmalpha
try:
    MMENGINE_MODELS.build(dict(type="LogSoftmax"))
except KeyError as error:
    print(type(error).__name__)

# Works because we are using mmalpha registry
init_default_scope('mmalpha')
print(MMENGINE_MODELS.build(dict(type="LogSoftmax")))
"""

# The usage blocks once more, with the libraries that are installed.
INSTALLED = """
import torch
from engine import MODELS
from engine.registry import count_registered_modules

print(MODELS.build(dict(type='mmalpha.LogSoftmax', dim=0)))
from mmbeta.registry import MODELS
print(MODELS.build(cfg=dict(type='mmalpha.LogSoftmax')))
print(MODELS.build(cfg=dict(type='LogSoftmax', _scope_='mmalpha', dim=1)))
print(MODELS.build(cfg=dict(type='mmengine.RReLU')))
print(MODELS.build(cfg=dict(type='RReLU', lower=0.2)))
counted = count_registered_modules(verbose=False)
print({node['scope'] for node in counted['registries']['MODELS']} >= {'engine', 'mmalpha'})
"""

CHAPTERS = {
    "activations": (ACTIVATIONS, {}, ACTIVATIONS_PRINTED),
    "parent": (PARENT_NODE, LIBRARIES, "mmalpha.models\ncall RReLU.forward\nTrue"),
    "sibling": (
        SIBLING_NODE,
        LIBRARIES,
        "call LogSoftmax.forward\nTrue\ncall LogSoftmax.forward\nTrue",
    ),
    "child": (CHILD_NODE, {}, "LogSoftmax()\nNotRegisteredError\nLogSoftmax()"),
    "installed": (
        INSTALLED,
        {},
        "LogSoftmax(dim=0)\nLogSoftmax(dim=None)\nLogSoftmax(dim=1)\n"
        "RReLU(lower=0.125, upper=0.3333333333333333)\n"
        "RReLU(lower=0.2, upper=0.3333333333333333)\nTrue",
    ),
}


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_tutorial(chapter: str, probe_with_torch: Probe, tmp_path: Path) -> None:
    code, files, printed = CHAPTERS[chapter]
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    page = tmp_path / "page.py"
    page.write_text(code)
    program = f"""
import runpy, sys, warnings
warnings.simplefilter("error")
warnings.filterwarnings("ignore", "`torch.jit", DeprecationWarning)  # of torch 2.10, by itself
sys.path.insert(0, {str(tmp_path)!r})
runpy.run_path({str(page)!r}, run_name="__main__")
"""
    assert probe_with_torch(program).strip() == printed.strip()


def test_api_registry() -> None:
    from engine.registry import Registry

    MODELS = Registry("models")

    @MODELS.register_module()
    class ResNet:
        pass

    resnet = MODELS.build({"type": "ResNet"})
    assert type(resnet) is ResNet

    @MODELS.register_module()
    def resnet50() -> str:
        return "a ResNet of depth 50"

    assert MODELS.build({"type": "resnet50"}) == resnet50()

    DETECTORS = Registry("detectors", parent=MODELS, scope="det")

    @DETECTORS.register_module()
    class FasterRCNN:
        pass

    assert type(DETECTORS.build({"type": "FasterRCNN"})) is FasterRCNN

    MODELS = Registry("models")  # the next example is one of its own
    DETECTORS = Registry(
        "detectors", parent=MODELS, scope="det", locations=["det.models.detectors"]
    )

    @DETECTORS.register_module()
    class MaskRCNN:
        pass

    assert type(DETECTORS.build({"type": "det.MaskRCNN"})) is MaskRCNN


def test_api_default_scope() -> None:
    from engine.model import MODELS
    from engine.registry import DefaultScope

    assert MODELS.scope == "engine"
    DefaultScope.get_instance("task", scope_name="mmdet")
    scope_name = DefaultScope.get_instance("task").scope_name
    assert scope_name == "mmdet"
    current = DefaultScope.get_current_instance()
    assert current is not None
    assert current.scope_name == "mmdet"


def test_api_build_from_cfg() -> None:
    from engine import Registry, build_from_cfg

    MODELS = Registry("models")

    @MODELS.register_module()
    class ResNet:
        def __init__(self, depth: int, stages: int = 4) -> None:
            self.depth = depth
            self.stages = stages

    cfg = {"type": "ResNet", "depth": 50}
    model = build_from_cfg(cfg, MODELS)
    assert (model.depth, model.stages) == (50, 4)

    @MODELS.register_module()
    def resnet50() -> int:
        return 50

    assert build_from_cfg({"type": "resnet50"}, MODELS) == 50


def test_api_build_runner_from_cfg(tmp_path: Path) -> None:
    from collections.abc import Mapping
    from typing import Any

    from torch import nn

    from engine.registry import Registry, build_runner_from_cfg
    from engine.runner import Runner

    RUNNERS = Registry("runners", build_func=build_runner_from_cfg)

    @RUNNERS.register_module()
    class CustomRunner(Runner):
        def setup_env(self, env_cfg: Mapping[str, Any]) -> None:
            pass

    cfg = {"runner_type": "CustomRunner", "model": nn.Linear(1, 1), "work_dir": str(tmp_path)}
    custom_runner = RUNNERS.build(cfg)
    assert type(custom_runner) is CustomRunner


def test_the_22_roots() -> None:
    import engine.registry

    text = """RUNNERS RUNNER_CONSTRUCTORS LOOPS HOOKS DATASETS DATA_SAMPLERS TRANSFORMS MODELS
        MODEL_WRAPPERS WEIGHT_INITIALIZERS OPTIMIZERS OPTIM_WRAPPER OPTIM_WRAPPER_CONSTRUCTORS
        PARAM_SCHEDULERS METRICS EVALUATOR TASK_UTILS VISUALIZERS VISBACKENDS LOG_PROCESSORS
        FUNCTIONS INFERENCERS"""
    names = text.split()
    assert len(names) == 22
    roots = [getattr(engine.registry, name) for name in names]
    assert all(isinstance(root, engine.registry.Registry) for root in roots)
    assert len({root.name for root in roots}) == 22
    assert engine.registry.OPTIM_WRAPPER is engine.registry.OPTIM_WRAPPERS
