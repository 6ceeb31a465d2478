"""Preflight and topology auditor for VMware ESXi hosts that run NVIDIA vGPU."""

__version__ = "0.2.0"
