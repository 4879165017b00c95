"""What everything that is printed has in common."""

from pathlib import Path

import font_source_sans_pro
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

# The PDF standard fonts know Western letters only; names come from everywhere.
FONTS = Path(font_source_sans_pro.__file__).parent / "files"
pdfmetrics.registerFont(TTFont("Sans", FONTS / "SourceSansPro-Regular.ttf"))
pdfmetrics.registerFont(TTFont("Sans-Bold", FONTS / "SourceSansPro-Semibold.ttf"))

TEXT = ParagraphStyle("text", fontName="Sans", fontSize=10, leading=14)
STRONG = ParagraphStyle("strong", TEXT, fontName="Sans-Bold")
TITLE = ParagraphStyle("title", STRONG, fontSize=20, leading=26)
SMALL = ParagraphStyle("small", TEXT, fontSize=8, leading=11)
RIGHT = ParagraphStyle("right", TEXT, alignment=TA_RIGHT)
STRONG_RIGHT = ParagraphStyle("strong right", STRONG, alignment=TA_RIGHT)
