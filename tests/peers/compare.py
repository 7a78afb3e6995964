# SPDX-License-Identifier: BSD-3-Clause
"""Second opinions: our operations beside NumPy, SciPy and PyTorch. NumPy is needed in any case.

  compare.py BUILD INCLUDE PEER [GROUP...]   PEER: numpy, scipy, torch, or all that are there; GROUP: a function in one of the tables
  compare.py --conventions                   where we differ from the others on purpose, and why

Every comparison that fails is a line, and so is one that would not notice a wrong answer; the last lines say how many there were with whom.
"""

import collections
import sys
import warnings

import contractions
import conventions
import elementwise
import indexing
import movement
import neural
import numpy as np
import reductions
from trivet import Trivet

MOST_LINES = 60


def spoilt(ours):
    """The same answer with its largest element off by five in a hundred (by 1 where it is whole), which every judge must notice. None when
    there is nothing to spoil."""
    if isinstance(ours, str):
        return "nonsense"
    ours = np.array(ours)
    if ours.size == 0:
        return None
    if ours.dtype.kind != "f":
        ours.flat[0] = not ours.flat[0] if ours.dtype == bool else ours.flat[0] ^ ours.dtype.type(1)
        return ours
    size = np.where(np.isfinite(ours), np.abs(ours), -1.0)
    at = np.unravel_index(np.argmax(size), ours.shape)
    with np.errstate(all="ignore"):
        ours[at] = ours[at] * 1.05 if size[at] > 0 else 1
    return ours


class Suite:
    def __init__(self, build, include, peer):
        self.rt, self.peer = Trivet(build, include), peer
        self.modules = {"np": np}
        self.versions = {"numpy": np.__version__}
        try:
            import torch
            import torch.nn.functional

            torch.set_num_threads(1)
            self.modules.update(t=torch, F=torch.nn.functional)
            self.versions["torch"] = torch.__version__
        except ImportError:
            pass
        try:
            import scipy
            import scipy.signal
            import scipy.special

            self.modules.update(sp=scipy.special, signal=scipy.signal)
            self.versions["scipy"] = scipy.__version__
        except ImportError:
            pass
        self.counts, self.ops, self.failed = collections.Counter(), set(), 0

    def has(self, peer):
        return peer in self.versions and self.peer in (peer, "all")

    def ask(self, peer, text, **values):
        """What the expression gives in the other library, as an array."""
        if peer == "torch":
            values = {
                k: self.modules["t"].from_numpy(np.array(v, order="C")) if isinstance(v, (np.ndarray, np.generic)) else v
                for k, v in values.items()
            }
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = eval(text, {**self.modules, **values})  # one scope, so that comprehensions see everything
        return result.numpy() if hasattr(result, "numpy") else np.asarray(result)

    def check(self, op, dtype, peer, label, ours, theirs, judge):
        if not self.has(peer):
            return
        self.counts[peer] += 1
        self.ops.add(op)
        theirs = theirs()
        wrong = judge(ours, theirs)
        if not wrong and spoilt(ours) is not None and not judge(spoilt(ours), theirs):
            wrong = "a wrong answer would not be noticed"
        if wrong:
            self.fail(f"{op} {dtype} {label}: beside {peer}: {wrong}")

    def fail(self, text):
        self.failed += 1
        if self.failed <= MOST_LINES:
            print(f"FAILED: {text}")


def main(build, include, peer, *groups):
    s = Suite(build, include, peer)
    for module in (elementwise, reductions, contractions, movement, neural, indexing, conventions):
        for group in module.GROUPS:
            if not groups or group.__name__ in groups:
                group(s)
    total = sum(s.counts.values())
    if not groups and peer == "all":
        known = {n for n in s.rt.functions if not n.endswith(("_into", "_scalar"))}
        print("operations without a case here:", " ".join(sorted(known - s.ops - conventions.NOT_OPERATIONS)) or "none")
    print(", ".join(f"{n} beside {peer} {s.versions[peer]}" for peer, n in sorted(s.counts.items())))
    print(f"{total - s.failed} of {total} comparisons of {len(s.ops)} operations agree")
    s.rt.close()
    return 1 if s.failed or total == 0 else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--conventions"]:
        sys.exit(conventions.show())
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
