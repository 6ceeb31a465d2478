"""Makes the checkpoints beside it with the packages that people make them with.

    pip install torch==2.15.0 compressed-tensors==0.14.0 psutil accelerate; python make.py .

0.14.0 is the last compressed-tensors that writes sparse-24-bitmask and marlin-24. `dense` in each
file is what the package itself unpacks.
"""

import sys
from pathlib import Path

import torch
from compressed_tensors.compressors.base import BaseCompressor
from compressed_tensors.config import BitmaskConfig, Sparse24BitMaskConfig
from compressed_tensors.quantization import QuantizationArgs
from compressed_tensors.quantization.lifecycle.forward import quantize
from safetensors.torch import save_file

OUT = Path(sys.argv[1])
torch.manual_seed(5)


def two_four(weight):
    four = weight.abs().reshape(-1, 4)
    keep = torch.zeros_like(four, dtype=torch.bool).scatter_(1, four.topk(2, dim=1).indices, True)
    return (weight.reshape(-1, 4) * keep).reshape(weight.shape)


def scales(weight, bits, group, *, symmetric=True):
    parts = weight.reshape(weight.shape[0], -1, group)
    if symmetric:
        return parts.abs().amax(2) / (2 ** (bits - 1) - 1), None
    low, high = parts.amin(2).clamp(max=0), parts.amax(2).clamp(min=0)
    scale = (high - low) / (2**bits - 1)
    zero = (-(2 ** (bits - 1)) - low / scale).round().clamp(-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return scale, zero.to(torch.int8)


def bitmask(shape, kind):
    compressor = BaseCompressor.load_from_registry(
        "sparse-24-bitmask", config=Sparse24BitMaskConfig()
    )
    weight = two_four(torch.randn(shape)).to(kind)
    made = dict(compressor.compress({"layer.weight": weight}))
    return {name: one.contiguous() for name, one in made.items()} | {"dense": weight}


def unstructured():
    compressor = BaseCompressor.load_from_registry("sparse-bitmask", config=BitmaskConfig())
    weight = torch.randn(8, 20) * (torch.rand(8, 20) > 0.4)
    made = dict(compressor.compress({"layer.weight": weight}))
    return {name: one.contiguous() for name, one in made.items()} | {"dense": weight}


def packed(name, *, bits, group, symmetric):
    weight = two_four(torch.randn(16, 64))
    args = QuantizationArgs(num_bits=bits, group_size=group, symmetric=symmetric, strategy="group")
    scale, zero = scales(weight, bits, group, symmetric=symmetric)
    compressor = BaseCompressor.load_from_registry(name)
    made = compressor.compress_weight(
        weight=weight, scale=scale, zero_point=zero, quantization_args=args
    )
    made["weight_scale"] = scale
    dense = compressor.decompress_weight(dict(made), args)
    made = {f"layer.{key}": value.detach().contiguous() for key, value in made.items()}
    return made | {"dense": dense.detach().float()}


def nvfp4():
    weight = torch.randn(16, 64)
    pairs = weight.abs().reshape(16, 8, 4, 2).sum(3)
    keep = torch.zeros_like(pairs).scatter_(2, pairs.topk(2, dim=2).indices, 1)
    weight = (weight.reshape(16, 8, 4, 2) * keep[..., None]).reshape(16, 64)
    args = QuantizationArgs(
        num_bits=4,
        type="float",
        strategy="tensor_group",
        group_size=16,
        scale_dtype=torch.float8_e4m3fn,
    )
    whole = torch.tensor([448 * 6 / weight.abs().max()])
    scale = (whole * weight.reshape(16, 4, 16).abs().amax(2) / 6).to(torch.float8_e4m3fn).float()
    compressor = BaseCompressor.load_from_registry("nvfp4-pack-quantized")
    made = compressor.compress_weight(
        weight=weight, scale=scale, global_scale=whole, quantization_args=args
    )
    made |= {"weight_scale": scale.to(torch.float8_e4m3fn), "weight_global_scale": whole}
    dense = compressor.decompress_weight(dict(made), args)
    made = {f"layer.{key}": value.detach().contiguous() for key, value in made.items()}
    return made | {"dense": dense.detach().float()}


def int8(*, symmetric):
    weight = two_four(torch.randn(16, 64))
    args = QuantizationArgs(num_bits=8, symmetric=symmetric, strategy="channel")
    scale, zero = scales(weight, 8, 64, symmetric=symmetric)
    stored = quantize(x=weight, scale=scale, zero_point=zero, args=args, dtype=torch.int8)
    made = {"layer.weight": stored, "layer.weight_scale": scale}
    if zero is not None:
        made["layer.weight_zero_point"] = zero
    off = zero.float() if zero is not None else 0
    return made | {"dense": (stored.float() - off) * scale}


FILES = {
    "bitmask-f16": lambda: bitmask((8, 32), torch.float16),
    "bitmask-bf16-20": lambda: bitmask((8, 20), torch.bfloat16),
    "bitmask-e4m3": lambda: bitmask((8, 32), torch.float8_e4m3fn),
    "bitmask-unstructured": unstructured,
    "int4": lambda: packed("pack-quantized", bits=4, group=16, symmetric=True),
    "int4-zero": lambda: packed("pack-quantized", bits=4, group=16, symmetric=False),
    "int8-packed": lambda: packed("pack-quantized", bits=8, group=64, symmetric=True),
    "int8": lambda: int8(symmetric=True),
    "int8-zero": lambda: int8(symmetric=False),
    "nvfp4": nvfp4,
}
for name, make in FILES.items():
    made = make()
    save_file(made, OUT / f"{name}.safetensors")
