#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Trains a small Fashion-MNIST classifier and exports it as fashion_cnn.onnx.

Needs Debian's python3-torch and dataset-fashion-mnist and nothing else. Writes three files next to this file:

    fashion_cnn.onnx         the network: batch norm folded into the convolutions, softmax at the end
    fashion_cnn_labels.npy   what that network predicts for the 10,000 test images (uint8)
    fashion_cnn.json         accuracy, seed, versions, checksum: how the two files above came to be

The test images are looked at once, after the last epoch: they choose no checkpoint.
"""
import argparse
import gzip
import hashlib
import io
import json
import pathlib
import subprocess
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.fusion import fuse_conv_bn_eval

CLASSES = ["T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"]
BATCH = 128


# ---- the network -----------------------------------------------------------------------------------------------------

def conv_bn(n_in, n_out, kernel, stride=1, groups=1):
    """A convolution that keeps the size (for stride 1), then batch norm; fold_batch_norms() makes one of the two."""
    return nn.Sequential(nn.Conv2d(n_in, n_out, kernel, stride, kernel // 2, groups=groups, bias=False),
                         nn.BatchNorm2d(n_out))


class FashionCnn(nn.Module):
    """4.1 million multiply-adds per image; every kind of layer that a reader of CNN files must know appears in it."""

    def __init__(self):
        super().__init__()
        self.stem = conv_bn(1, 24, 3)
        self.same1 = conv_bn(24, 24, 3)                   # residual block at 14 x 14
        self.same2 = conv_bn(24, 24, 3)
        self.down1 = conv_bn(24, 48, 3, stride=2)         # residual block that halves the image: a strided conv ...
        self.down2 = conv_bn(48, 48, 3)
        self.shortcut = conv_bn(24, 48, 1)                # ... and a shortcut of average pool and 1 x 1 conv
        self.depthwise = conv_bn(48, 48, 3, groups=48)    # one filter per channel, then a 1 x 1 conv to mix them
        self.pointwise = conv_bn(48, 128, 1)
        self.classify = nn.Linear(128, len(CLASSES))

    def forward(self, image):                                             # [N,   1, 28, 28]
        x = F.max_pool2d(F.relu(self.stem(image)), 2)                     # [N,  24, 14, 14]
        x = F.relu(x + self.same2(F.relu(self.same1(x))))                 # [N,  24, 14, 14]
        main = self.down2(F.relu(self.down1(x)))                          # [N,  48,  7,  7]
        half = F.avg_pool2d(x, 2, count_include_pad=False)                # [N,  24,  7,  7] (True would export a Pad)
        x = F.relu(main + self.shortcut(half))                            # [N,  48,  7,  7]
        x = F.relu(self.pointwise(F.relu(self.depthwise(x))))             # [N, 128,  7,  7]
        x = torch.flatten(F.adaptive_avg_pool2d(x, 1), 1)                 # [N, 128]
        logits = self.classify(x)                                         # [N,  10]
        return logits if self.training else F.softmax(logits, dim=1)      # the training loss wants logits


def fold_batch_norms(model):
    """Replaces every conv_bn() of an eval-mode model by a single convolution with a bias."""
    for name, child in list(model.named_children()):
        if isinstance(child, nn.Sequential):
            setattr(model, name, fuse_conv_bn_eval(child[0], child[1]))
    return model


# ---- the data --------------------------------------------------------------------------------------------------------

def read_idx(path):
    """Reads a gzipped idx file of unsigned bytes: 0 0 8 rank, the sizes as big-endian u32, then the bytes."""
    data = gzip.decompress(path.read_bytes())
    if data[:3] != b"\0\0\x08":
        raise SystemExit(f"{path}: not an idx file of unsigned bytes")
    shape = np.frombuffer(data, ">u4", data[3], 4).astype(int)
    return torch.from_numpy(np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape).copy())


def to_image(pixels):
    """u8 [N, 28, 28] to what the network takes: f32 [N, 1, 28, 28] in 0..1."""
    return pixels.unsqueeze(1).float() / 255


def augment(image):
    """Mirrors half of the images and moves each one by up to two pixels either way, filling with black."""
    n = len(image)
    mirror = torch.rand(n, 1, 1, 1) < 0.5
    image = torch.where(mirror, image.flip(3), image)
    windows = F.pad(image, (2, 2, 2, 2)).squeeze(1).unfold(1, 28, 1).unfold(2, 28, 1)     # a view [N, 5, 5, 28, 28]
    return windows[torch.arange(n), torch.randint(5, (n,)), torch.randint(5, (n,))].unsqueeze(1)


# ---- training and export ---------------------------------------------------------------------------------------------

def train(images, labels, epochs):
    """SGD whose rate rises, then falls to zero over the whole run."""
    model = FashionCnn().to(memory_format=torch.channels_last)                # a quarter faster on a CPU, same maths
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9, nesterov=True, weight_decay=5e-4)
    steps = len(images) // BATCH
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.2, epochs * steps, pct_start=0.2)
    for epoch in range(epochs):
        start, loss_sum = time.time(), 0.0
        for rows in torch.randperm(len(images))[:steps * BATCH].view(steps, BATCH):
            loss = F.cross_entropy(model(augment(to_image(images[rows]))), labels[rows], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            loss_sum += loss.item()
        print(f"epoch {epoch + 1:2d} of {epochs}: training loss {loss_sum / steps:.4f}, {time.time() - start:.0f} s",
              flush=True)
    return fold_batch_norms(model.eval().to(memory_format=torch.contiguous_format))


def protobuf_fields(data):
    """Yields (field number, value) for each field of a protobuf message: an int for a varint, bytes for the rest."""
    stream = io.BytesIO(data)

    def varint():
        byte = stream.read(1)[0]
        return byte if byte < 128 else byte - 128 + 128 * varint()

    while stream.tell() < len(data):
        number, kind = divmod(varint(), 8)
        yield number, varint() if kind == 0 else stream.read({1: 8, 5: 4}.get(kind) or varint())


def list_ops(onnx_bytes):
    """The operations of an ONNX file in order: ModelProto.graph is field 7, its node field 1, their op_type field 4."""
    graph = next(value for number, value in protobuf_fields(onnx_bytes) if number == 7)
    nodes = [value for number, value in protobuf_fields(graph) if number == 1]
    return [dict(protobuf_fields(node))[4].decode() for node in nodes]


def package_version(name):
    query = subprocess.run(["dpkg-query", "-W", "-f", "${Version}", name], capture_output=True, text=True)
    return query.stdout or "unknown"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=16)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--data", type=pathlib.Path, default=pathlib.Path("/usr/share/datasets/fashion-mnist"),
                        help="folder of the four idx.gz files")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).resolve().parent)
    options = parser.parse_args()

    torch.set_num_threads(1)                   # one order of summation, so one result on one kind of CPU
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(options.seed)

    images = read_idx(options.data / "train-images-idx3-ubyte.gz")
    labels = read_idx(options.data / "train-labels-idx1-ubyte.gz").long()
    start = time.time()
    model = train(images, labels, options.epochs)
    seconds = time.time() - start

    options.out.mkdir(parents=True, exist_ok=True)
    onnx_path = options.out / "fashion_cnn.onnx"
    torch.onnx.export(model, torch.zeros(1, 1, 28, 28), str(onnx_path), opset_version=13, input_names=["image"],
                      output_names=["probabilities"], dynamic_axes={"image": {0: "N"}, "probabilities": {0: "N"}})

    test_images = read_idx(options.data / "t10k-images-idx3-ubyte.gz")
    test_labels = read_idx(options.data / "t10k-labels-idx1-ubyte.gz").long()
    with torch.no_grad():
        probabilities = torch.cat([model(to_image(pixels)) for pixels in test_images.split(100)])
    predicted = probabilities.argmax(1)
    accuracy = (predicted == test_labels).double().mean().item()
    best_two = probabilities.topk(2, dim=1).values
    np.save(options.out / "fashion_cnn_labels.npy", predicted.to(torch.uint8).numpy())

    onnx_bytes = onnx_path.read_bytes()
    facts = {
        "accuracy": round(accuracy, 4),
        # How far the closest of all decisions is from a tie: errors well under this cannot flip a label.
        "smallest_probability_gap": float(f"{(best_two[:, 0] - best_two[:, 1]).min().item():.3g}"),
        "epochs": options.epochs,
        "seed": options.seed,
        "training_seconds": round(seconds),
        "torch": torch.__version__,
        "packages": {name: package_version(name) for name in ("python3-torch", "dataset-fashion-mnist")},
        "onnx_sha256": hashlib.sha256(onnx_bytes).hexdigest(),
        "onnx_bytes": len(onnx_bytes),
        "opset": 13,
        "input": {"name": "image", "dtype": "float32", "shape": ["N", 1, 28, 28], "range": [0, 1]},
        "output": {"name": "probabilities", "dtype": "float32", "shape": ["N", len(CLASSES)]},
        "parameters": sum(p.numel() for p in model.parameters()),
        "ops": list_ops(onnx_bytes),
        "classes": CLASSES,
    }
    lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in facts.items())
    (options.out / "fashion_cnn.json").write_text("{\n" + lines + "\n}\n")
    print(f"accuracy {accuracy:.4f} on {len(test_labels)} test images, {len(onnx_bytes)} bytes of ONNX")


if __name__ == "__main__":
    main()
