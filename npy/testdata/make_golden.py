"""Writes the .npy and .npz files of this folder with NumPy (2.4.6); the tests compare them byte by byte.

Every numeric array is arange(6) of shape (2, 3), so that each file can be checked by eye.
"""
import io
import pathlib

import numpy as np

here = pathlib.Path(__file__).parent
six = np.arange(6).reshape(2, 3)

for code in "i1 u1 i2 u2 i4 u4 i8 u8 f2 f4 f8 c8 c16".split():
    np.save(here / f"{code}.npy", six.astype(code))
np.save(here / "b1.npy", six % 2 == 1)
np.save(here / "scalar.npy", np.float32(1.5))
np.save(here / "vector.npy", np.arange(6, dtype="<f4"))
np.save(here / "empty.npy", np.zeros((0, 4), "<f4"))
np.save(here / "fortran.npy", np.asfortranarray(np.arange(24, dtype="<i4").reshape(2, 3, 4)))
np.save(here / "big.npy", six.astype(">i4"))
np.save(here / "big_complex.npy", (six + 1j).astype(">c8"))
np.save(here / "unicode.npy", np.array(["a", "Zürich", "日本"]))
np.save(here / "bytes.npy", np.array([b"a", b"xyz"]))
np.save(here / "object.npy", np.array([{}], dtype=object))
np.save(here / "struct.npy", np.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]))
np.save(here / "time.npy", np.zeros(2, dtype="<M8[s]"))
for version in (2, 3):
    out = io.BytesIO()
    np.lib.format.write_array(out, six.astype("<f4"), version=(version, 0))
    (here / f"v{version}.npy").write_bytes(out.getvalue())
arrays = {"x": six.astype("<f4"), "in:a/b": six.astype("<i8"), "": np.float64(2.5)}
np.savez(here / "stored.npz", **arrays)
np.savez_compressed(here / "deflated.npz", **arrays)
