from ecg_live.api import FEATURE_NAMES as FEATURE_NAMES
from ecg_live.api import Model as Model
from ecg_live.api import Recording as Recording
from ecg_live.api import features as features
from ecg_live.api import load_model as load_model
from ecg_live.api import read as read
from ecg_live.api import windows as windows
from ecg_live.resources import demo_recording as demo_recording

__version__: str
__all__ = [
    "FEATURE_NAMES",
    "Model",
    "Recording",
    "__version__",
    "demo_recording",
    "features",
    "load_model",
    "read",
    "windows",
]
