"""The page's looks: light and dark, wide and narrow, nothing from elsewhere. Nothing else belongs here."""

from __future__ import annotations

STYLE = """
:root{color-scheme:light dark;--ink:#1b1f24;--soft:#5c6670;--line:#dfe3e8;--back:#fff;--box:#f6f7f9;--now:#b3541e;
--then:#d9b9a4;--code:#0b5cad}
@media(prefers-color-scheme:dark){:root{--ink:#e6e8ea;--soft:#9aa4ae;--line:#30363d;--back:#14171a;--box:#1d2125;
--now:#f0955c;--then:#6b4a37;--code:#79b8ff}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:62rem;padding:1rem;background:var(--back);color:var(--ink);
font:15px/1.45 system-ui,sans-serif}
h1{font-size:1.45rem;margin:.4rem 0}
h2{font-size:1.1rem;margin:2rem 0 .5rem;padding-top:1rem;border-top:1px solid var(--line)}
h3{font-size:.95rem;margin:1.4rem 0 .2rem}
p{margin:.3rem 0}
.soft,small{color:var(--soft)}
small{font-size:.82rem}
a{color:var(--code)}
.facts{display:flex;flex-wrap:wrap;gap:.6rem;margin:1rem 0}
.facts div{display:flex;flex:1 1 8.5rem;flex-direction:column-reverse;justify-content:flex-end;
background:var(--box);border-radius:.5rem;padding:.6rem .8rem}
.facts dd{margin:0;font-size:1.35rem;font-weight:700;font-variant-numeric:tabular-nums}
.table{overflow-x:auto}
caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
table{border-collapse:collapse;width:100%}
th,td{padding:.4rem .5rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
thead th{font-size:.82rem;color:var(--soft);font-weight:600}
tbody th{font-weight:400}
th.n,td.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
td:first-child,th:first-child{padding-left:0;width:99%}
tbody th,time{white-space:nowrap}tbody th small,.stacked tbody th,.pairs th{white-space:normal}
.stacked tbody th,.pairs td{overflow-wrap:anywhere}.pairs th{width:9rem;color:var(--soft)}
td small,th small{display:block}
code,pre{font:13px/1.4 ui-monospace,monospace}
h2 code{font-size:1rem}
td code,tbody th code,h3 code{font-weight:600;color:var(--code)}
pre{margin:.4rem 0;padding:.6rem .8rem;background:var(--box);border-radius:.5rem;overflow-x:auto}
pre mark{background:none;color:var(--now);font-weight:700}
details{margin:.5rem 0;border-left:3px solid var(--line);padding-left:.7rem}
summary{cursor:pointer;overflow-wrap:anywhere}
.bars{display:block}.bars rect,.bars circle{fill:var(--then)}.bars .now{fill:var(--now)}
.days{display:flex;align-items:flex-end;gap:.5rem;margin:.5rem 0;overflow-x:auto}
.days div{flex:1 1 3rem;min-width:2.6rem;text-align:center;font-size:.78rem;font-variant-numeric:tabular-nums}
.days i{display:block;background:var(--then);border-radius:3px 3px 0 0;margin:.15rem 0}
.days .now i{background:var(--now)}.days .now{font-weight:700}
@media(max-width:34rem){body{padding:.7rem;font-size:14px}th,td{padding:.35rem .3rem}.wide{display:none}
.facts div{flex-basis:40%}.bars{width:62px;height:auto}
.stacked,.stacked thead,.stacked tbody{display:block}
.stacked tr{display:grid;grid-template-columns:1fr 1fr 70px;border-bottom:1px solid var(--line)}
.stacked th,.stacked td{border:0}.stacked thead th:first-child{display:none}
.stacked tbody th{grid-column:1/-1;width:auto;padding-bottom:0}
.stacked .n{text-align:left;padding-left:0}.stacked td.n small{display:inline}
code,pre{font-size:12px}.days{gap:.2rem}.days div{flex-basis:2rem;min-width:2.1rem;font-size:.68rem}}
@media print{:root{color-scheme:light;--ink:#000;--soft:#444;--line:#bbb;--back:#fff;--box:#fff;--code:#000}
body{max-width:none;padding:0;font-size:10pt}.table,pre,.days{overflow:visible}pre{white-space:pre-wrap}
.facts div{border:1px solid var(--line)}h2,h3{break-after:avoid}tr,img,svg,.facts{break-inside:avoid}
thead{display:table-header-group}details::details-content{content-visibility:visible;display:block;height:auto}
*{print-color-adjust:exact}}
"""
