"""Writes the pictures of this folder with Pillow 13: what this package cannot write itself.

Every one shows the same 24 x 16 pixels: the left half red, the right half blue, a white square of 8 x 8 at the top left.
"""
import pathlib

from PIL import Image

here = pathlib.Path(__file__).parent
picture = Image.new("RGB", (24, 16), (255, 0, 0))
picture.paste((0, 0, 255), (12, 0, 24, 16))
picture.paste((255, 255, 255), (0, 0, 8, 8))
picture.save(here / "lossless.webp", lossless=True)
picture.save(here / "lossy.webp", quality=90)
clear = picture.convert("RGBA")
clear.putalpha(128)
clear.save(here / "alpha.webp", quality=90)
frames = [picture, Image.new("RGB", picture.size)]
frames[0].save(here / "animated.gif", save_all=True, append_images=frames[1:])
picture.convert("CMYK").save(here / "cmyk.jpg", quality=95)
picture.save(here / "progressive.jpg", quality=95, progressive=True, subsampling=0)
for orientation in range(1, 9):
    undo = {2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180, 4: Image.Transpose.FLIP_TOP_BOTTOM,
            5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE,
            8: Image.Transpose.ROTATE_270}.get(orientation)
    exif = Image.Exif()
    exif[0x0112] = orientation
    stored = picture.transpose(undo) if undo is not None else picture
    stored.save(here / f"orientation{orientation}.jpg", quality=95, subsampling=0, exif=exif)
    if orientation == 6:
        stored.save(here / "orientation6.tiff", exif=exif, compression="tiff_lzw")
