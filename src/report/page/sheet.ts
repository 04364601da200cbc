import { Html } from './template.ts'

/** Widths, pixels, at which tables stop to fit: from a telephone to the column of text. */
const steps = [320, 400, 480, 560, 640, 720, 800, 860] as const
/** Beside the column of text. */
const margins = 40

/** The class of a table that needs so many pixels: on screens that have fewer its rows are stacked. */
export function stackClass(needed: number): string {
  const step = steps.findLast((width) => width < needed)
  return step === undefined ? '' : `stack-${step}`
}

/** A stacked row is a line of what it is about and then its cells, each behind the title of its column. */
const stacked = (step: number): string => `
@media screen and (max-width: ${step + margins + stepUp(step)}px) {
  .stack-${step} thead { display: none; }
  .stack-${step}, .stack-${step} tbody { display: block; }
  .stack-${step} tr { display: flex; flex-wrap: wrap; column-gap: 14px; padding: 5px 0; }
  .stack-${step} td { display: inline-flex; gap: 5px; padding: 0; text-align: left; white-space: normal; }
  .stack-${step} td::before { content: attr(data-of); color: #666; }
  .stack-${step} td:first-child { flex-basis: 100%; font-weight: 600; }
  .stack-${step} td br { display: none; }
  .stack-${step} td small { white-space: nowrap; padding-left: 4px; }
}`

/** How far it is to the next step, nearly all of which a table may need. One wider than the column of text is scrolled where that has its width. */
const stepUp = (step: number): number => (steps.find((next) => next > step) ?? step) - step

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
.number { text-align: right; }
td.number { white-space: nowrap; }
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
@media (min-width: 701px) { details td.text:nth-child(2) { min-width: 140px; } }
@media print { details::details-content { content-visibility: visible; height: auto; } }
${steps.map(stacked).join('')}
`)
