"""`nvidia-smi vgpu -c`: the vGPU types that can still be started on each GPU now.

    GPU 00000000:3B:00.0
        NVIDIA A40-8Q
    GPU 00000000:86:00.0

The second GPU is full: no type is a known answer, not a missing one.
"""

from hostcheck.model.capture import Request, Wire
from hostcheck.syntax.vgpu_types import VgpuOffers, offers_of

REQUEST = Request(Wire.SHELL, "nvidia-smi vgpu -c", "vGPU types that each GPU can start now")


def parse(text: str) -> VgpuOffers:
    """Read the types of every GPU."""
    return offers_of(text, what=REQUEST.template)
