"""Pictures drawn with Pillow (a scanned-looking invoice, a "photograph") and a voice memo spoken by espeak-ng."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

_MEMO = (
    "Monday the nineteenth of February, quarter past seven. Note for the insurance. The pipe above the bench has "
    "burst. Water, four centimetres, at the back wall. The board shear and the laying press are standing in it. The "
    "parish registers on the lower shelf are soaked. The gold leaf is dry. I count fourteen calf skins, all ruined."
)
_INVOICE_LINES = [
    (150, 380, "Two Rivers Bindery", 30),
    (150, 424, "Unit 2, The Old Brewery", 30),
    (150, 468, "Malt Lane, Alderbridge", 30),
    (820, 380, "12 April 2024", 30),
    (820, 424, "Invoice FB-20551", 34),
    (820, 472, "Your ref: mail of 14 March", 26),
]
_INVOICE_ROWS = [
    ("Board shear 1,100 mm, refurbished, serial 68-2207", "2,458.33"),
    ("Carriage and installation", "included"),
    ("VAT 20%", "491.67"),
    ("Total", "2,950.00"),
    ("Deposit received 14 March 2024", "-885.00"),
    ("Balance due by 26 April 2024", "2,065.00"),
]


def write_scan(path: Path) -> None:
    """Write the supplier's invoice as a scanner would see it: a little askew, grey, with dust and a coffee ring."""
    page = Image.new("L", (1240, 1640), 250)
    draw = ImageDraw.Draw(page)
    _bold(draw, (150, 140), "FENWICK BINDERY SUPPLIES", 46)
    draw.text((150, 206), "Wharf Road, Castleton    VAT no. 000 4471 96", 60, font=_font(26))
    draw.line((150, 260, 1090, 260), 40, 4)
    for x, y, words, size in _INVOICE_LINES:
        draw.text((x, y), words, 35, font=_font(size))
    draw.rectangle((150, 600, 1090, 656), 222)
    _bold(draw, (166, 612), "Description", 28)
    draw.text((1074, 612), "GBP", 35, font=_font(28), anchor="ra")
    for number, (what, amount) in enumerate(_INVOICE_ROWS):
        y = 680 + 66 * number
        if what.startswith(("Total", "Balance")):
            _bold(draw, (166, y), what, 30)
        else:
            draw.text((166, y), what, 35, font=_font(30))
        draw.text((1074, y), amount, 35, font=_font(30), anchor="ra")
        draw.line((150, y + 48, 1090, y + 48), 190, 2)
    draw.text((150, 1150), "Guarantee: twelve months on blade and clamp.", 45, font=_font(28))
    draw.text((150, 1194), "Oil the slides weekly. Please quote FB-20551 with your payment.", 45, font=_font(28))
    _stamp(page)
    ring = Image.new("L", page.size, 0)
    ImageDraw.Draw(ring).ellipse((760, 1250, 1020, 1510), outline=70, width=9)
    page = Image.composite(Image.new("L", page.size, 170), page, ring.filter(ImageFilter.GaussianBlur(3)))
    page = page.rotate(-1.3, Image.Resampling.BICUBIC, fillcolor=205)
    random = np.random.default_rng(20551)
    pixels = np.asarray(page.filter(ImageFilter.GaussianBlur(0.7)), dtype=np.float32)
    pixels = pixels - np.linspace(0, 18, pixels.shape[1], dtype=np.float32)  # the lid was not quite shut
    pixels = pixels + random.normal(0, 5, pixels.shape).astype(np.float32)
    for y, x in random.integers((0, 0), pixels.shape, (60, 2)):
        pixels[y : y + 3, x : x + 2] -= 90
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(path, quality=62, dpi=(150, 150))


def _stamp(page: Image.Image) -> None:
    stamp = Image.new("L", (330, 110), 0)
    draw = ImageDraw.Draw(stamp)
    draw.rounded_rectangle((4, 4, 325, 105), 14, outline=150, width=6)
    draw.text((165, 55), "PAID 24 APR", 150, font=_font(42), anchor="mm")
    stamp = stamp.rotate(9, Image.Resampling.BICUBIC, expand=True)
    page.paste(60, (200, 1330), stamp)


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _bold(draw: ImageDraw.ImageDraw, xy: tuple[int, int], words: str, size: int) -> None:
    draw.text(xy, words, 25, font=_font(size), stroke_width=1, stroke_fill=25)


def write_photo(path: Path) -> None:
    """Write the picture of the yellow guesthouse above the river at dusk: drawn, with a camera's date in its EXIF."""
    width, height, water = 1200, 800, 560
    sky = np.linspace(0, 1, water)[:, None, None]
    top, bottom = np.array([58, 70, 120]), np.array([248, 176, 120])
    pixels = np.zeros((height, width, 3), dtype=np.float32)
    pixels[:water] = top * (1 - sky) + bottom * sky
    picture = Image.fromarray(pixels.astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    draw.ellipse((905, 395, 985, 475), (255, 226, 170))
    draw.polygon([(0, 470), (240, 400), (520, 450), (820, 385), (1200, 440), (1200, water), (0, water)], (96, 84, 112))
    _bridge(draw, water)
    colours = [(178, 92, 70), (222, 208, 190), (240, 190, 52), (120, 146, 168), (206, 128, 96), (232, 222, 206)]
    left = 40
    for number, (colour, size, tall) in enumerate(
        zip(colours, (120, 110, 190, 120, 130, 115), (270, 230, 330, 250, 285, 215), strict=True)
    ):
        _house(draw, left, water, size, tall, colour, lit=number == 2)
        left += size
    picture.paste(
        picture.crop((0, 2 * water - height, width, water)).transpose(Image.Transpose.FLIP_TOP_BOTTOM), (0, water)
    )
    random = np.random.default_rng(1834)
    pixels = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.8)), dtype=np.float32).copy()
    rows = np.arange(water, height)
    waves = (6 * np.sin(rows / 3.1) + 4 * np.sin(rows / 1.7 + 1) + random.normal(0, 2, rows.size)).astype(int)
    for row, shift in zip(rows, waves, strict=True):
        pixels[row] = np.roll(pixels[row], int(shift), axis=0) * 0.72 + np.array([14, 20, 34])
    picture = Image.fromarray((pixels + random.normal(0, 3, pixels.shape)).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    draw.polygon([(700, 660), (960, 660), (925, 700), (735, 700)], (66, 40, 34))
    draw.polygon([(700, 660), (680, 630), (716, 660)], (66, 40, 34))
    draw.line((820, 660, 820, 560), (50, 36, 32), 5)
    draw.polygon([(824, 566), (824, 650), (910, 650)], (226, 214, 196))
    picture = picture.filter(ImageFilter.GaussianBlur(0.6))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Drawn", "by make_samples"
    exif[0x0132] = "2024:10:21 18:34:07"
    exif.get_ifd(0x8769)[0x9003] = "2024:10:21 18:34:07"
    path.parent.mkdir(parents=True, exist_ok=True)
    picture.save(path, quality=80, exif=exif)


def _bridge(draw: ImageDraw.ImageDraw, water: int) -> None:
    iron = (52, 52, 70)
    draw.rectangle((820, 392, 1200, 402), iron)
    draw.arc((840, 400, 1320, 760), 180, 300, iron, 10)
    for x in range(870, 1200, 36):
        draw.line((x, 400, x, 400 + int(180 - (180**2 * (1 - ((x - 1080) / 240) ** 2)) ** 0.5)), iron, 4)
    draw.rectangle((818, 392, 840, water), iron)


def _house(
    draw: ImageDraw.ImageDraw,
    left: int,
    ground: int,
    width: int,
    height: int,
    colour: tuple[int, int, int],
    *,
    lit: bool,
) -> None:
    top, right = ground - height, left + width
    draw.rectangle((left, top, right - 2, ground), colour)
    draw.rectangle(
        (right - 14, top, right - 2, ground), (int(colour[0] * 0.8), int(colour[1] * 0.8), int(colour[2] * 0.8))
    )
    draw.polygon([(left - 6, top), (right + 4, top), (right - 12, top - 34), (left + 12, top - 34)], (168, 84, 60))
    columns = max(2, width // 55)
    step = width / columns
    for row, y in enumerate(range(top + 22, ground - 70, 62)):
        for column in range(columns):
            x = int(left + step * (column + 0.5)) - 11
            glow = (row * 3 + column * 5 + left) % 4 == 0 or (lit and row % 2 == 0)
            draw.rectangle((x - 3, y - 3, x + 25, y + 41), (240, 236, 226))
            draw.rectangle((x, y, x + 22, y + 38), (255, 216, 128) if glow else (70, 84, 100))
            draw.line((x + 11, y, x + 11, y + 38), (240, 236, 226), 2)
            draw.line((x - 6, y + 44, x + 28, y + 44), (60, 56, 58), 3)
    door = left + width // 2 - 15
    draw.rectangle((door, ground - 56, door + 30, ground), (70, 96, 82) if lit else (92, 62, 48))
    draw.pieslice((door, ground - 71, door + 30, ground - 41), 180, 360, (255, 216, 128))


def write_memo(path: Path) -> None:
    """Write the voice memo (FLAC, 16 kHz, mono). Needs the programs espeak-ng and sox."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        spoken = Path(folder) / "spoken.wav"
        subprocess.run(["espeak-ng", "-v", "en-gb", "-s", "168", "-w", str(spoken), _MEMO], check=True)
        # -D: without dither, which would differ from run to run.
        effects = ["lowpass", "3200", "gain", "-n", "-6", "rate", "16000"]
        subprocess.run(["sox", "-D", str(spoken), "-C", "8", "-b", "16", str(path), *effects], check=True)
