"""SVG picture (SVG 1.1) of the sites and how they reach each other, drawn without a library."""
