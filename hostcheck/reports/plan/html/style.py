"""The style of the page of a plan: light, dark, narrow and on paper."""

STYLE = """
:root{color-scheme:light dark;--paper:#fff;--wash:#f6f8fa;--ink:#1c2128;--soft:#57606a;
--line:#d4dae1;--link:#0b57b0;--fail:#b42318;--failwash:#fdf0ee;--pass:#0b6351;--passwash:#e7f5f0;
--warn:#8a4600;--warnwash:#fff4e2;--dim:#4b5563;--dimwash:#eef1f4}
@media (prefers-color-scheme:dark){:root{--paper:#11161c;--wash:#171d25;--ink:#e6edf3;
--soft:#9fabb8;--line:#303a45;--link:#7db5f5;--fail:#ff8f85;--failwash:#341a18;--pass:#63d2b4;
--passwash:#10302a;--warn:#f3b75b;--warnwash:#2f230f;--dim:#c1cbd5;--dimwash:#222b35}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif;
font-variant-numeric:tabular-nums}
main{max-width:1184px;margin:0 auto;padding:24px 32px 48px}
h1{font-size:26px;line-height:1.25;margin:8px 0;letter-spacing:-.01em}
h2{font-size:21px;line-height:1.3;margin:44px 0 4px}
h3{font-size:17px;line-height:1.35;margin:28px 0 10px}
h4{font-size:15px;margin:20px 0 6px}
p{margin:6px 0;max-width:80em}
ul{margin:6px 0;padding-left:22px}
a{color:var(--link)}
a:focus-visible,summary:focus-visible{outline:2px solid var(--link);outline-offset:2px}
p,li,td,th,h1,h2,h3{overflow-wrap:break-word}
.soft{color:var(--soft);font-weight:400}
.small{font-size:13px}
.warning{background:var(--warnwash);color:var(--warn);border-left:4px solid var(--warn);
padding:8px 12px}
.behind{color:var(--warn);font-size:13px}
.tag{display:inline-block;white-space:nowrap;font-size:13px;font-weight:600;line-height:1.5;
padding:1px 8px;border-radius:5px;border:1px solid transparent}
.tag.possible{background:var(--passwash);color:var(--pass)}
.tag.blocked{background:var(--failwash);color:var(--fail)}
.tag.unknown{background:var(--dimwash);color:var(--dim);border:1px dashed var(--dim)}
.index{list-style:none;padding:0;columns:2;column-gap:40px}
.index li{break-inside:avoid;padding:2px 0}
.wide{overflow-x:auto;margin:12px 0}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:7px 10px;border-bottom:1px solid var(--line)}
thead th{font-size:13px;color:var(--soft);font-weight:600;vertical-align:bottom}
th[scope=row]{font-weight:600}
.number{text-align:right}
.steps td:nth-child(2){white-space:normal;min-width:7em}
.steps td:nth-child(3){min-width:20em}
.compared th[scope=row]{min-width:10em}
.compared td:last-child{min-width:15em;font-size:13px}
article{border:1px solid var(--line);border-radius:10px;padding:2px 20px 16px;margin:20px 0;
background:var(--wash)}
article.blocked{border-color:var(--fail)}
article h3{margin-top:16px}
pre{margin:6px 0 0;white-space:pre-wrap;overflow-wrap:anywhere;background:var(--dimwash);
border-radius:5px;padding:5px 8px;font-size:13px}
pre span{display:block;font-family:system-ui,sans-serif}
code{font-family:ui-monospace,Menlo,Consolas,"Liberation Mono",monospace}
summary{cursor:pointer}
.box{display:inline-block;width:15px;height:15px;border:1.5px solid var(--dim);border-radius:3px}
.sign{display:flex;gap:28px;margin-top:26px}
.sign span{flex:1;border-top:1px solid var(--dim);padding-top:4px;font-size:13px;
color:var(--soft)}
footer{margin-top:48px;border-top:1px solid var(--line);padding-top:12px}
@media (max-width:700px){main{padding:12px 16px 32px}.index{columns:1}article{padding:2px 12px 12px}
h1{font-size:22px}
.steps,.steps tbody,.steps tr,.steps td,.steps th[scope=row]{display:block;width:100%}
.steps thead{position:absolute;left:-9999px}
.steps tr{border-bottom:1px solid var(--line);padding:8px 0}
.steps td,.steps th[scope=row]{border:0;padding:2px 0;min-width:0}
.steps th[scope=row]::before{content:"Step "}
.sign{flex-direction:column;gap:34px}}
@media print{:root{color-scheme:light;--paper:#fff;--wash:#fff;--ink:#1c2128;--soft:#57606a;
--line:#c5ccd3;--link:#1c2128;--fail:#b42318;--failwash:#fdf0ee;--pass:#0b6351;--passwash:#e7f5f0;
--warn:#8a4600;--warnwash:#fff4e2;--dim:#4b5563;--dimwash:#eef1f4}
body{font-size:10pt;print-color-adjust:exact;-webkit-print-color-adjust:exact}
main{max-width:none;padding:0}
h2{break-before:page}nav+section h2,header+section h2{break-before:auto}
tr,li,pre{break-inside:avoid}h3,h4{break-after:avoid}
thead{display:table-header-group}.wide{overflow:visible}
details>*{display:revert}}
"""
