# SPDX-License-Identifier: BSD-3-Clause
# Files of other people's libraries read by ours and ours by theirs, every byte compared: `compare.py numpy|safetensors|gguf`. The tool does
# the reading and writing; .npy and .npz files that NumPy reads are the common ground. lib.sh finds an interpreter that has what is imported.
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

tool = os.path.join(os.environ["TRIVET_BUILD_DIR"], "bin", "trivet")
n_checks = 0


def run(*arguments, fails=False):
    done = subprocess.run([tool, *arguments], capture_output=True, text=True)
    if (done.returncode != 0) != fails:
        sys.exit(f"FAILED: trivet {' '.join(arguments)}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stderr if fails else done.stdout


def same(got, expected, what):
    """Bit for bit, with dtype and shape."""
    global n_checks
    n_checks += 1
    if got.dtype != expected.dtype or got.shape != expected.shape or got.tobytes() != expected.tobytes():
        sys.exit(f"FAILED: {what}: {got.dtype}{got.shape} {got.ravel()[:8]}, not {expected.dtype}{expected.shape} {expected.ravel()[:8]}")


def same_file(path, arrays):
    with np.load(path) as file:
        if sorted(file.files) != sorted(arrays):
            sys.exit(f"FAILED: {path} holds {file.files}, not {list(arrays)}")
        for name, array in arrays.items():
            same(file[name], array, f"{path}: {name}")


def arrays_of_all_dtypes():
    random = np.random.default_rng(20240229)
    arrays = {"bool": random.integers(0, 2, (3, 5)).astype(bool)}
    for dtype in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8"):
        arrays["layer." + dtype] = np.frombuffer(random.bytes(7 * 9 * int(dtype[1])), dtype=dtype).reshape(7, 9)
    arrays["scalar"] = np.array(2.5, "f4")
    arrays["empty"] = np.zeros((0, 3), "f8")
    arrays["rank 5"] = random.standard_normal((2, 1, 3, 1, 2)).astype("f4")
    arrays["größe/Ω"] = np.arange(6, dtype="i8")
    return arrays


def compare_numpy():
    arrays = arrays_of_all_dtypes()
    np.savez("stored.npz", **arrays)
    np.savez_compressed("packed.npz", **arrays)
    have_zlib = "needs zlib" not in subprocess.run([tool, "convert", "packed.npz", "x.npz"], capture_output=True, text=True).stderr
    for source in ["stored.npz"] + ["packed.npz"] * have_zlib:
        for options in [[]] + [["--compress"]] * have_zlib:
            run("convert", source, "back.npz", *options)
            same_file("back.npz", arrays)
            run("convert", "back.npz", "again.npz")  # ours by ours
            same_file("again.npz", arrays)
        run("convert", source, "x.safetensors")
        run("convert", "x.safetensors", "back.npz")
        same_file("back.npz", arrays)
        for name, array in arrays.items():
            run("convert", source, "one.npy", "-t", name)
            same(np.load("one.npy"), array, f"{source}: {name} alone")
    # Foreign byte orders and Fortran order.
    odd = {"big": np.arange(12, dtype=">f4").reshape(3, 4), "fortran": np.asfortranarray(np.arange(24, dtype="i2").reshape(2, 3, 4)),
           "both": np.asfortranarray(np.arange(12, dtype=">i8").reshape(4, 3)), "complex": np.array([1 + 2j, -3j], ">c16")}
    np.savez("odd.npz", **odd)
    run("convert", "odd.npz", "back.npz")
    same_file("back.npz", {name: np.ascontiguousarray(a).astype(a.dtype.newbyteorder("=")) for name, a in odd.items()})
    # What has no dtype here is listed; the rest is read.
    np.savez("mixed.npz", good=np.ones(3, "f4"), text=np.array(["a", "bc"]), objects=np.array([{}, None]))
    listed = json.loads(run("inspect", "mixed.npz", "--json"))["tensors"]
    if [t["dtype"] for t in listed] != ["f32", None, None]:
        sys.exit(f"FAILED: mixed.npz is listed as {listed}")
    if "objects" not in run("convert", "mixed.npz", "x.npz", "-t", "objects", fails=True):
        sys.exit("FAILED: the sentence about a pickled object does not name it")
    run("convert", "mixed.npz", "back.npz", "-t", "good")
    same_file("back.npz", {"good": np.ones(3, "f4")})
    # A checksum that is wrong is noticed, whatever the byte.
    data = bytearray(open("stored.npz", "rb").read())
    place = json.loads(run("inspect", "stored.npz", "--json"))["tensors"][1]
    data[place["offset"] + 5] ^= 1
    open("broken.npz", "wb").write(data)
    if "checksum" not in run("convert", "broken.npz", "x.npz", fails=True):
        sys.exit("FAILED: a changed byte is not said to break the checksum")


def compare_safetensors():
    import safetensors.numpy as st
    from safetensors import safe_open
    arrays = {name: array for name, array in arrays_of_all_dtypes().items()}
    st.save_file(arrays, "theirs.safetensors", metadata={"format": "np", "weird": 'quote " backslash \\ newline \n € 𝄞'})
    run("convert", "theirs.safetensors", "back.npz")
    same_file("back.npz", arrays)
    run("convert", "theirs.safetensors", "ours.safetensors")
    for name, array in st.load_file("ours.safetensors").items():
        same(array, arrays[name], f"ours.safetensors: {name}")
    with safe_open("ours.safetensors", "numpy") as ours, safe_open("theirs.safetensors", "numpy") as theirs:
        if sorted(ours.keys()) != sorted(arrays) or ours.metadata() != theirs.metadata():
            sys.exit(f"FAILED: {ours.keys()} {ours.metadata()}, not {theirs.metadata()}")
    st.save_file({}, "none.safetensors")
    run("convert", "none.safetensors", "none2.safetensors")
    if st.load_file("none2.safetensors") != {}:
        sys.exit("FAILED: an empty file is not empty")
    run("convert", "theirs.safetensors", "half.safetensors", "-t", "layer.f4", "--dtype", "bf16")
    kind = json.loads(run("inspect", "half.safetensors", "--json"))["tensors"][0]
    if kind["stored"] != "BF16" or kind["bytes"] != 126:
        sys.exit(f"FAILED: {kind}")


def compare_gguf():
    import gguf
    from gguf import quants
    random = np.random.default_rng(1)
    writer = gguf.GGUFWriter("a.gguf", "test")
    writer.add_uint32("test.block_count", 7)
    writer.add_float32("test.eps", 1e-5)
    writer.add_bool("test.flag", True)
    writer.add_int8("test.small", -3)
    writer.add_uint64("test.large", 2**63 + 1)
    writer.add_array("test.tokens", ["a", "bc", "é"])
    writer.add_array("test.ids", [3, -1, 4])
    expected = {}
    plain = {"f32": random.standard_normal((3, 32)).astype("f4"), "f16": random.standard_normal((5, 7)).astype("f2"),
             "i8": np.arange(-4, 5, dtype="i1"), "i32": np.arange(6, dtype="i4").reshape(1, 2, 3), "f64": random.standard_normal(3)}
    for name, array in plain.items():
        writer.add_tensor(name, array)
        expected[name] = array
    wild = random.standard_normal((4, 96)).astype("f4") * np.float32(1e-4)
    wild[0] *= 1e6
    wild[1, :32] = 0
    for kind in (gguf.GGMLQuantizationType.Q4_0, gguf.GGMLQuantizationType.Q8_0):
        blocks = quants.quantize(wild, kind)
        writer.add_tensor(kind.name, blocks, raw_dtype=kind)
        expected[kind.name] = quants.dequantize(blocks, kind)
        # Every scale there is, the subnormal, infinite and NaN ones included, times every quant.
        _, size = gguf.GGML_QUANT_SIZES[kind]
        raw = np.frombuffer(random.bytes(65536 * size), dtype="u1").reshape(65536, size).copy()
        raw[:, :2] = np.arange(65536, dtype="<u2").view("u1").reshape(65536, 2)
        writer.add_tensor(kind.name + ".all", raw.reshape(64, -1), raw_dtype=kind)
        with np.errstate(invalid="ignore"):
            expected[kind.name + ".all"] = quants.dequantize(raw.reshape(64, -1), kind)
    writer.add_tensor("unread", quants.quantize(wild, gguf.GGMLQuantizationType.Q5_0), raw_dtype=gguf.GGMLQuantizationType.Q5_0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    said = json.loads(run("inspect", "a.gguf", "--json"))
    values = {m["key"]: m.get("value", m.get("first")) for m in said["metadata"]}
    wanted = {"general.architecture": "test", "test.block_count": 7, "test.eps": float(np.float32(1e-5)), "test.flag": True, "test.small": -3,
              "test.large": 2**63 + 1, "test.tokens": ["a", "bc", "é"], "test.ids": [3, -1, 4]}
    for key, value in wanted.items():
        if values.get(key) != value:
            sys.exit(f"FAILED: metadata {key} is {values.get(key)!r}, not {value!r}")
    if "Q5_0" not in run("convert", "a.gguf", "x.npz", fails=True):
        sys.exit("FAILED: the sentence about a type that is not read does not name it")
    options = [word for name in expected for word in ("-t", name)]
    run("convert", "a.gguf", "back.npz", *options)
    with np.load("back.npz") as file:
        for name, array in expected.items():
            got, nan = file[name], np.isnan(array)  # the bits of a NaN are nobody's business
            if not np.array_equal(np.isnan(got), nan):
                sys.exit(f"FAILED: {name}: other NaNs")
            same(np.where(nan, 0, got).astype(got.dtype), np.where(nan, 0, array).astype(array.dtype), f"a.gguf: {name}")


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    {"numpy": compare_numpy, "safetensors": compare_safetensors, "gguf": compare_gguf}[sys.argv[1]]()
    os.chdir("/")
print(f"{n_checks} arrays are the same, bit for bit")
