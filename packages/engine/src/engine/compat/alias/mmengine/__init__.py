"""`import mmengine` means engine here. `engine compat disable` takes this package away."""

import engine.compat

engine.compat.install()
