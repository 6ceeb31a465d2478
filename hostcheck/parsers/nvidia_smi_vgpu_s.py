"""`nvidia-smi vgpu -s`: the vGPU types that each GPU supports.

GPU 00000000:3B:00.0
    NVIDIA A40-1B
    NVIDIA A40-48Q
"""

from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.vgpu_types import VgpuOffers, offers_of

REQUEST = Request(Wire.SHELL, "nvidia-smi vgpu -s", "vGPU types that each GPU supports")


def parse(text: str) -> VgpuOffers:
    """Read the types of every GPU."""
    return offers_of(text, what=REQUEST.template)
