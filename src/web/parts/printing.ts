import { signal } from '@preact/signals'
import { options } from 'preact'

/** Whether the page is on its way to paper, which shows whole what a screen shows a part of. */
export const isPrinting = signal(false)

/** What was opened for paper. */
let opened: readonly HTMLDetailsElement[] = []

/** The page is printed as it stands when the event is over, so it is rendered at once. */
function turn(isOn: boolean): void {
  if (isPrinting.value === isOn) return
  const later = options.debounceRendering
  options.debounceRendering = (render) => render()
  isPrinting.value = isOn
  if (later === undefined) delete options.debounceRendering
  else options.debounceRendering = later
  if (isOn) opened = [...document.querySelectorAll<HTMLDetailsElement>('.figure details.caption:not([open])')]
  for (const one of opened) one.open = isOn
}

addEventListener('beforeprint', () => turn(true))
addEventListener('afterprint', () => turn(false))
