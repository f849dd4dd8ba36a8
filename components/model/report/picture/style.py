"""CSS of the picture. It has a background of its own, light or dark as the viewer prefers."""

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Noto Sans', 'DejaVu Sans', Arial, sans-serif"

STYLE = f"""\
text {{ font-family: {FONT}; fill: #1e293b; }}
.head {{ font-size: 20px; font-weight: 600; }}
.title {{ font-size: 15px; font-weight: 600; }}
.place {{ font-size: 12px; fill: #64748b; }}
.node {{ font-size: 12px; }}
.small {{ font-size: 10.5px; fill: #64748b; }}
.label {{ font-size: 11px; fill: #334155; }}
.ground {{ fill: #f1f5f9; }}
.card {{ fill: #ffffff; stroke: #cbd5e1; stroke-width: 1; }}
.lan {{ stroke: #10b981; stroke-width: 1.6; }}
.badge {{ fill: #d1fae5; }}
.badged {{ fill: #047857; }}
.chip {{ stroke-width: 1.2; }}
.gateway {{ fill: #fef3c7; stroke: #d97706; }}
.port {{ fill: #dbeafe; stroke: #60a5fa; }}
.closed {{ fill: #f8fafc; stroke: #94a3b8; stroke-dasharray: 4 3; }}
.client {{ fill: #f3e8ff; stroke: #a855f7; }}
.guest {{ fill: #7e22ce; }}
.service {{ fill: #fce7f3; stroke: #db2777; }}
.served {{ fill: #be185d; }}
.serves {{ fill: none; stroke: #db2777; stroke-width: 3; stroke-linecap: round; stroke-dasharray: 0.5 8; }}
.arrow-serves {{ fill: #db2777; stroke: none; }}
.leads {{ fill: #1d4ed8; }}
.link {{ fill: none; stroke: #3b82f6; stroke-width: 1.8; stroke-linecap: round; }}
.carries {{ fill: none; stroke: #d97706; stroke-width: 2.8; stroke-linecap: round; }}
.thin {{ stroke-width: 1.3; stroke-opacity: 0.75; }}
.web {{ stroke-width: 1; }}
.arrow {{ fill: #3b82f6; stroke: none; }}
.arrow-carries {{ fill: #d97706; stroke: none; }}
.plate {{ fill: #f1f5f9; fill-opacity: 0.92; }}
@media (prefers-color-scheme: dark) {{
text {{ fill: #e2e8f0; }}
.place, .small {{ fill: #94a3b8; }}
.label {{ fill: #cbd5e1; }}
.ground {{ fill: #0f172a; }}
.plate {{ fill: #0f172a; }}
.card {{ fill: #1e293b; stroke: #475569; }}
.lan {{ stroke: #10b981; }}
.badge {{ fill: #064e3b; }}
.badged {{ fill: #6ee7b7; }}
.gateway {{ fill: #451a03; stroke: #f59e0b; }}
.port {{ fill: #172554; stroke: #3b82f6; }}
.closed {{ fill: #1e293b; stroke: #64748b; }}
.client {{ fill: #3b0764; stroke: #c084fc; }}
.guest {{ fill: #d8b4fe; }}
.service {{ fill: #500724; stroke: #f472b6; }}
.served {{ fill: #f9a8d4; }}
.serves {{ stroke: #f472b6; }}
.arrow-serves {{ fill: #f472b6; }}
.leads {{ fill: #93c5fd; }}
.link {{ stroke: #60a5fa; }}
.carries {{ stroke: #f59e0b; }}
.arrow {{ fill: #60a5fa; }}
.arrow-carries {{ fill: #f59e0b; }}
}}"""
