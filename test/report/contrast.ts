import assert from 'node:assert/strict'
import { drawFigure, type Figure } from '../../src/report/draw/figure.ts'
import { newDocument } from '../../src/report/draw/svg.ts'
import { darkCard, inDark } from '../../src/web/dark.ts'

/** Relative luminance by WCAG 2.2, of #rgb or #rrggbb. */
function luminance(color: string): number {
  const digits = color.length === 4 ? [...color.slice(1)].map((digit) => digit + digit) : color.match(/[\da-f]{2}/gi)!
  const [r, g, b] = digits.map((pair) => {
    const share = Number.parseInt(pair, 16) / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r + 0.7152 * g + 0.0722 * b
}

export function contrast(one: string, other: string): number {
  const [high, low] = [luminance(one), luminance(other)].sort((a, b) => b - a)
  return (high + 0.05) / (low + 0.05)
}

interface Node {
  readonly textContent: string
  readonly parentNode: Node | null
  getAttribute?(name: string): string | null
}

/** What a text is filled with; null where the page's own ink is taken. Numbers in discs are white on the disc. */
function fillOf(text: Node): string | null {
  for (let node: Node | null = text; node?.getAttribute; node = node.parentNode) {
    const fill = node.getAttribute('fill')
    if (fill !== null && fill !== 'currentColor') return fill.startsWith('#') ? fill : null
  }
  return null
}

const isNumberInDisc = (text: Node, fill: string): boolean => fill === '#fff' && /^\d+$/.test(text.textContent)

/** Asserts that every word of the figures can be read, on white paper and in the dark: a contrast of 4.5 and more (WCAG AA). How many were looked at. */
export function assertLegible<Subject>(figures: readonly Figure<Subject>[], subject: Subject): number {
  let count = 0
  for (const figure of figures)
    for (const node of drawFigure(figure, subject, newDocument())?.querySelectorAll('text') ?? []) {
      const text = node as unknown as Node
      const fill = fillOf(text)
      if (fill === null || isNumberInDisc(text, fill)) continue
      count++
      const onPaper = contrast(fill, '#ffffff')
      const inTheDark = contrast(inDark(fill), darkCard)
      const what = `"${text.textContent}" of ${figure.name} in ${fill}`
      assert.ok(Math.min(onPaper, inTheDark) >= 4.5, `${what}: ${onPaper} on white, ${inTheDark} in the dark`)
    }
  return count
}
