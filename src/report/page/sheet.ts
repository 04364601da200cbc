import { Html } from './template.ts'

/** The style sheet of every page, for the screen and for A4. It loads nothing; a printer opens what is closed on the screen. */
export const styleSheet = new Html(`
:root { color: #1a1a1a; background: #fff; font: 15px/1.5 system-ui, 'DejaVu Sans', sans-serif; }
body { margin: 0; }
main { max-width: 860px; margin: 0 auto; padding: 32px 20px 64px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 16px; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 40px 0 8px; padding-top: 8px; border-top: 1px solid #ccc; }
h3 { font-size: 15px; margin: 0 0 6px; }
.answer { font-size: 16.5px; }
figure { margin: 24px 0 32px; }
figure svg { display: block; }
@media screen and (max-width: 700px) { .wide svg { min-width: 620px; } .broad { display: none; } }
@media print, (min-width: 701px) { .narrow { display: none; } }
figcaption { color: #444; font-size: 13.5px; margin-top: 4px; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; font-variant-numeric: tabular-nums; margin: 8px 0 12px; }
th, td { padding: 3px 10px 3px 0; vertical-align: top; }
thead th { border-bottom: 1.5px solid #1a1a1a; font-weight: 600; }
tbody tr { border-bottom: 1px solid #e3e3e3; }
.text, .facts th { text-align: left; }
.number { text-align: right; white-space: nowrap; }
td.text:first-child { white-space: nowrap; }
.facts th { font-weight: 600; white-space: nowrap; padding-right: 20px; }
small { font-size: 0.92em; color: #555; }
sup { line-height: 0; font-size: 0.75em; }
code { font: 12.5px/1.4 ui-monospace, 'DejaVu Sans Mono', monospace; overflow-wrap: anywhere; }
dt { margin-top: 10px; }
dt.warning { font-weight: 600; }
dd { margin: 2px 0 0 20px; }
.advice { color: #444; }
@page { size: A4; margin: 15mm; }
@media print {
  :root { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  h1, h2, h3, dt { break-after: avoid; }
  figure, tr, dd { break-inside: avoid; }
  thead { display: table-header-group; }
  figure { margin: 4mm 0 6mm; }
  figure svg { max-height: 108mm; }
  .wide { overflow: visible; }
  table { font-size: 8.5pt; }
  th, td { padding-right: 6px; }
}
details { margin: 8px 0 16px; }
summary { cursor: pointer; font-weight: 600; }
details td.text:nth-child(2) { min-width: 210px; }
@media print { details::details-content { content-visibility: visible; height: auto; } }
`)
