"""What a tensor's name and shape say of it: which axis is summed over, what else reads its input.

Axes: the last of a matrix `[out, in]` and of stacked experts `[experts, out, in]`; the second of a
convolution `[out, in, height, width]`, which is where NVIDIA's ASP and TensorRT have the groups.
"""

import fnmatch
import re
from collections.abc import Iterable, Sequence

from msgspec import Struct

from hostcheck.errors import UsageError
from hostcheck.model.sparsity import Role
from hostcheck.sparsity.tensors import Tensor

_EMBEDDINGS = re.compile(
    r"(^|[._])(embed_tokens|embed_in|embed_positions|embeddings?|word_embeddings"
    r"|position_embeddings|token_type_embeddings|tok_embeddings|token_embd|position_embd|wte|wpe)(\.weight)?$|^shared\.weight$"
)
_HEADS = re.compile(r"(^|\.)lm_head(\.weight)?$|(^|\.)embed_out(\.weight)?$|^output(\.weight)?$")
_SIBLINGS = tuple(
    re.compile(rf"^(?P<prefix>.*?)(?:{names})(?:\.weight)?$")
    for names in (
        r"(?:q_proj|k_proj|v_proj|q_a_proj|kv_a_proj_with_mqa)",
        r"(?:attn_q|attn_k|attn_v)",
        r"(?:query|key|value)",
        r"(?:experts\.\d+\.|shared_experts?\.)?(?:gate_proj|up_proj|w1|w3)",
        r"(?:ffn_gate|ffn_up)",
    )
)


class Axes(Struct, frozen=True):
    """What the user said of axes: one for all that no pattern names, and some by pattern."""

    by_pattern: tuple[tuple[str, int], ...] = ()

    def of(self, tensor: Tensor, *, transposed: bool) -> int:
        """Return the axis along which its groups run; negative where it has not so many."""
        count = len(tensor.shape)
        for pattern, axis in reversed(self.by_pattern):
            if fnmatch.fnmatchcase(tensor.name, pattern):
                return axis if 0 <= axis < count else axis + count if axis < 0 else -1
        if tensor.axis is not None:
            return tensor.axis
        if count > 3 or (count == 3 and "conv" in tensor.name.lower()):
            return 1
        return 0 if transposed and count == 2 else count - 1


def axes(given: Iterable[str]) -> Axes:
    """Return what `--axis` says: `0`, `-1`, or `PATTERN=0`. Raises UsageError for anything else."""
    found = []
    for one in given:
        pattern, _, number = one.rpartition("=")
        if re.fullmatch(r"-?[0-7]", number) is None:
            raise UsageError(f"--axis {one!r}: give a number from -7 to 7, or PATTERN=NUMBER")
        found.append((pattern or "*", int(number)))
    return Axes(tuple(sorted(found, key=lambda one: one[0] != "*")))


def role(tensor: Tensor) -> Role:
    """Say what a matrix is for: by the file, else by its name."""
    name = tensor.name
    if tensor.looked_up or _EMBEDDINGS.search(name):
        return Role.EMBEDDING
    return Role.HEAD if _HEADS.search(name) else Role.LAYER


def is_transposed(name: str, model_type: str) -> bool:
    """Say whether the layer is GPT-2's Conv1D, which stores `[in, out]`."""
    return model_type == "gpt2" and bool(re.search(r"\.c_(attn|proj|fc)\.weight$", name))


def siblings(tensors: Sequence[Tensor]) -> list[tuple[Tensor, ...]]:
    """Return the groups of two or more tensors that read the same input."""
    groups: dict[tuple[int, str], list[Tensor]] = {}
    for tensor in tensors:
        if tensor.reads:
            groups.setdefault((-1, tensor.reads), []).append(tensor)
            continue
        for number, pattern in enumerate(_SIBLINGS):
            found = pattern.match(tensor.name)
            if found:
                groups.setdefault((number, found["prefix"]), []).append(tensor)
                break
    return [tuple(group) for group in groups.values() if len(group) > 1]
