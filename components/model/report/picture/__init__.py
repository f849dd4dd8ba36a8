"""The sites and how they reach each other as a picture (SVG 1.1), for people; without a library or another program."""
