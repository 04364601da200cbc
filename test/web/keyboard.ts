import assert from 'node:assert/strict'
import type { Page } from 'playwright-core'

/** Somebody without a mouse: goes from stop to stop by Tab, sees where the keyboard is, and types. */
export interface Keyboard {
  /** Goes on by Tab until the keyboard is at what fits a selector, or is called so. Fails where a stop on the way is not seen. */
  reach(what: string, key?: 'Tab' | 'Shift+Tab'): Promise<void>
  /** Writes into a field instead of what is there. */
  write(what: string, text: string): Promise<void>
  press(what: string, key?: string): Promise<void>
}

/** Stops of the longest page, and some more. */
const mostStops = 150

/** Runs in the page: where the keyboard is, and whether that is seen. */
const here = (what: string) => `(() => {
  const node = document.activeElement
  const named = (node.getAttribute('aria-label') ?? node.textContent ?? '').trim()
  const isCss = ${/^[.#[]/.test(what)}
  const style = getComputedStyle(node)
  return {
    fits: node !== document.body && (isCss ? node.matches(${JSON.stringify(what)}) : named.startsWith(${JSON.stringify(what)})),
    isSeen: node === document.body || style.outlineStyle !== 'none' || style.boxShadow !== 'none',
    at: node.tagName + ' ' + (node.id || node.name || named).slice(0, 60),
  }
})()`

export function keyboardOf(page: Page): Keyboard {
  const { keyboard } = page
  const look = (what: string) => page.evaluate(here(what)) as Promise<{ fits: boolean; isSeen: boolean; at: string }>
  const reach = async (what: string, key: 'Tab' | 'Shift+Tab' = 'Tab') => {
    const way: string[] = []
    for (let k = 0; k < mostStops; k++) {
      const { fits, isSeen, at } = await look(what)
      assert.ok(isSeen, `nobody sees that the keyboard is at ${at}`)
      if (fits) return
      way.push(at)
      await keyboard.press(key)
    }
    assert.fail(`no way by ${key} to ${what}: ${[...new Set(way)].join(', ')}`)
  }
  return {
    reach,
    async write(what, text) {
      await reach(what)
      await keyboard.press('Control+A')
      await keyboard.insertText(text)
    },
    async press(what, key = 'Enter') {
      await reach(what)
      await keyboard.press(key)
    },
  }
}
