import type { Page } from 'playwright-core'
import { faultsOfLabels } from './labels-in-sight.ts'

/** Whether a drawing is still the one for a wider column, shrunk: it is drawn anew in its turn. */
const isStale = `(svg) => svg.viewBox.baseVal.width > svg.closest('.drawing').clientWidth + 1`

/**
 * What is wrong with a page for whoever looks at it or gets about in it, in words, whichever page and state it is. A text, as the page is another program.
 * What axe finds is not looked for again.
 */
const found = `(() => {
  const faults = []
  const told = (node) => {
    const text = node.getAttribute('aria-label') || node.textContent.trim() || node.getAttribute('placeholder') || ''
    return '<' + node.tagName.toLowerCase() + (node.className.length ? ' ' + node.className : '') + '> "' + text.slice(0, 40) + '"'
  }
  const isSeen = (node) => node.checkVisibility({ visibilityProperty: true }) && node.getBoundingClientRect().width > 0
  const isScrolled = (node) => /auto|scroll|hidden/.test(getComputedStyle(node).overflowX)

  const { scrollWidth } = document.documentElement
  if (scrollWidth > innerWidth) faults.push('the page is ' + scrollWidth + ' wide in ' + innerWidth)

  // Nothing leaves its card but within what scrolls.
  for (const card of document.querySelectorAll('.card, .figure, header')) {
    const { left, right } = card.getBoundingClientRect()
    const visit = (node) => {
      for (const child of node.children) {
        if (!isSeen(child) || getComputedStyle(child).position === 'absolute' || child instanceof SVGElement) continue
        const box = child.getBoundingClientRect()
        if (box.right > right + 1 || box.left < left - 1) faults.push(told(child) + ' leaves its card by ' + Math.round(Math.max(box.right - right, left - box.left)))
        else if (!isScrolled(child)) visit(child)
      }
    }
    if (isSeen(card)) visit(card)
  }

  // A finger hits what there is to hit (WCAG 2.2, 2.5.8), and a label counts with its box. Words in a sentence are as high as it.
  for (const node of document.querySelectorAll('a[href], button, input, select, textarea, summary')) {
    if (!isSeen(node)) continue
    const box = (node.type === 'checkbox' || node.type === 'radio' ? node.closest('label') || node : node).getBoundingClientRect()
    if (box.width < 24 || box.height < 24) faults.push(told(node) + ' is ' + box.width.toFixed(0) + ' by ' + box.height.toFixed(0))
  }

  // What a field says of itself is read whole.
  const pen = document.createElement('canvas').getContext('2d')
  for (const node of document.querySelectorAll('input[placeholder]')) {
    if (!isSeen(node) || node.value !== '') continue
    const { font, paddingLeft, paddingRight } = getComputedStyle(node)
    pen.font = font
    const room = node.clientWidth - parseFloat(paddingLeft) - parseFloat(paddingRight)
    const { width } = pen.measureText(node.placeholder)
    if (width > room + 1) faults.push('"' + node.placeholder + '" needs ' + Math.ceil(width) + ' and has ' + Math.floor(room))
  }

  // A figure tells its numbers to those who do not see it.
  for (const figure of document.querySelectorAll('figure[data-figure]:not([hidden])')) {
    const picture = figure.querySelector('.paper > svg')
    if (picture === null) continue
    const label = picture.getAttribute('aria-label') || ''
    if (!/\\d/.test(label)) faults.push('the figure ' + figure.dataset.figure + ' tells no number: "' + label + '"')
  }

  // What a figure says is read whole, where nothing else stands.
  const drawings = [...document.querySelectorAll('.paper > svg')].filter((svg) => isSeen(svg) && !(${isStale})(svg))
  faults.push(...(${faultsOfLabels})(drawings))

  // A slider says its number as people write it, not its step.
  for (const node of document.querySelectorAll('input[type=range]'))
    if (isSeen(node) && !node.getAttribute('aria-valuetext')) faults.push(told(node) + ' tells its step')

  // Two that do different things are not called the same, for whoever goes from button to button.
  const names = new Map()
  for (const form of document.querySelectorAll('form')) {
    const main = form.querySelector('button[type=submit]')
    if (main === null || !isSeen(main)) continue
    const name = main.getAttribute('aria-label') || main.textContent.trim()
    if (names.has(name)) faults.push('two forms are sent by "' + name + '"')
    names.set(name, form)
  }
  return { faults, isDrawn: ![...document.querySelectorAll('figure:not([hidden]) .paper > svg')].some(${isStale}) }
})()`

/** Which things that can be reached by the keyboard do not show that they are, in words. */
const unmarked = `(() => {
  const faults = []
  const before = document.activeElement
  for (const node of document.querySelectorAll('a[href], button:not(:disabled), input:not(:disabled), select, textarea, summary, [tabindex="0"]')) {
    if (!node.checkVisibility({ visibilityProperty: true })) continue
    node.focus({ preventScroll: true })
    if (document.activeElement !== node || !node.matches(':focus-visible')) continue
    const { outlineStyle, outlineWidth } = getComputedStyle(node)
    if (outlineStyle === 'none' || parseFloat(outlineWidth) < 2) faults.push('<' + node.tagName.toLowerCase() + '> "' + node.textContent.trim().slice(0, 40) + '" has no mark of focus')
  }
  before?.focus?.({ preventScroll: true })
  return faults
})()`

/** The smallest telephones, and a window of 1280 pixels at four times its size (WCAG 2.2, 1.4.10). */
const phone = { width: 320, height: 700 }
/** A figure is drawn anew for another width, in its turn; ms that a busy machine has for it. */
const patience = 3_000

/** Looks a page over as wide as it is and as a telephone has it: what is wrong, in words. */
export async function lookOver(page: Page): Promise<string[]> {
  const size = page.viewportSize()!
  // Behind another tab nothing is drawn.
  await page.bringToFront()
  const faults = await settled(page)
  await page.keyboard.press('Tab')
  faults.push(...((await page.evaluate(unmarked)) as string[]))
  if (size.width !== phone.width) {
    await page.setViewportSize(phone)
    faults.push(...(await settled(page)).map((fault) => `at ${phone.width} px ${fault}`))
    await page.setViewportSize(size)
  }
  return faults
}

/** What is still wrong when everything has been drawn. */
async function settled(page: Page): Promise<string[]> {
  const last = Date.now() + patience
  for (;;) {
    const { faults, isDrawn } = (await page.evaluate(found)) as { faults: string[]; isDrawn: boolean }
    if ((faults.length === 0 && isDrawn) || Date.now() > last) return [...new Set(faults)]
    await page.waitForTimeout(100)
  }
}
