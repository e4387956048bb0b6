"""Pictures that people upload: judged by their content, and served only as we have drawn them anew."""

from __future__ import annotations

import dataclasses
import hashlib
import io
import warnings

from flask_babel import gettext as _
from PIL import Image, ImageOps, UnidentifiedImageError

from webapp.errors import Refused

LARGEST = 4 * 1024 * 1024
# More than any camera takes; a small file may claim to unfold into far more.
MOST_PIXELS = 40_000_000
# Twice what a page shows, for sharp screens.
WIDTH, HEIGHT = 640, 320
_FORMATS = ("PNG", "JPEG", "WEBP")


@dataclasses.dataclass(frozen=True, slots=True)
class Picture:
    """A WebP of ours, with nothing in it of what the file had beside its pixels."""

    data: bytes
    width: int
    height: int

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.data).hexdigest()[:32]


def read(raw: bytes) -> Picture:
    """Raises Refused "logo" for what is no PNG, JPEG or WebP picture, whatever it is called."""
    if len(raw) > LARGEST:
        raise Refused(_("The picture is too large: at most 4 MB."), "logo")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(raw), formats=_FORMATS) as found:
                if found.width * found.height > MOST_PIXELS:
                    raise Refused(_("The picture has too many pixels; please make it smaller."), "logo")  # fmt: skip
                found.load()
                whole = ImageOps.exif_transpose(found).convert("RGBA")
    except Refused:
        raise
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError, SyntaxError, MemoryError):  # fmt: skip
        raise Refused(_("This is not a picture we can read. Please choose a PNG, JPEG or WebP file."), "logo") from None  # fmt: skip
    whole.thumbnail((WIDTH, HEIGHT))
    # A new canvas: comments, places and profiles of the file do not come along.
    clean = Image.new("RGBA", whole.size)
    clean.paste(whole)
    buffer = io.BytesIO()
    clean.save(buffer, "WEBP", quality=90, method=4)
    return Picture(buffer.getvalue(), clean.width, clean.height)
