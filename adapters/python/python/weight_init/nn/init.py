"""The initializers by the path that ``torch.nn.init`` has: ``from weight_init.nn import init``."""

from .._functions import *
from .._functions import __all__
