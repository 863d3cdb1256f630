# SPDX-License-Identifier: Apache-2.0
"""Builds a network of the zoo with seeded weights: `python -m tests.zoo.build NAME --out F.onnx`.

At its published input size the MAC count is compared with the published one, and a difference is an error.
"""

import argparse
import sys
from pathlib import Path

import onnx

from tests.zoo.macs import count
from tests.zoo.networks import NETWORKS


def build(name, size=None, seed=1, **options):
    """The model of network `name` for size x size pixels (default: as published); ValueError if its MACs are not."""
    network = NETWORKS[name]
    size = size or network.size
    model = network.build(size, seed=seed, **options)
    gmac = sum(count(model)) / 1e9
    if size == network.size and abs(gmac / network.gmac - 1) > network.tolerance:
        raise ValueError(f"{name}: {gmac:.4f} GMAC at {size}x{size}, published {network.gmac:.4f} ({network.source})")
    return model


def main(argv=None):
    """The command line; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.zoo.build", description=__doc__.split("\n")[0])
    parser.add_argument("name", choices=[*NETWORKS, "all"])
    parser.add_argument("--size", type=int, help="input height and width in pixels (default: the published one)")
    parser.add_argument("--small", action="store_true", help="the small input of the quick checks")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--lrn", action="store_true", help="GoogLeNet with its local response normalisations")
    parser.add_argument(
        "--qdq", action="store_true", help="quantise with ONNX Runtime (per channel, uint8 activations)"
    )
    parser.add_argument("--out", type=Path, required=True, help="file; with `all` a folder")
    args = parser.parse_args(argv)
    for name in NETWORKS if args.name == "all" else [args.name]:
        size = NETWORKS[name].small if args.small else args.size
        try:
            model = build(name, size, args.seed, **({"lrn": True} if args.lrn else {}))
        except ValueError as error:
            print(f"zoo: {error}", file=sys.stderr)
            return 1
        conv, dense = count(model)
        if args.qdq:
            from tests.zoo.qdq import quantize  # imports ONNX Runtime, which the float models do without

            model = quantize(model)
        path = args.out / f"{name}{'_qdq' if args.qdq else ''}.onnx" if args.name == "all" else args.out
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, path)
        size_mb = path.stat().st_size / 1e6
        print(f"{path}: {(conv + dense) / 1e9:.4f} GMAC (convolutions {conv / 1e9:.4f}), {size_mb:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
