import { signal } from '@preact/signals'

const query = matchMedia('(prefers-color-scheme: dark)')

/** Whether figures stand on dark. What is printed never does. */
export const isDark = signal(query.matches)
query.addEventListener('change', ({ matches }) => {
  isDark.value = matches
})
/** Whether the page is on its way to paper, where nothing can be scrolled. */
export const isPrinted = signal(false)
addEventListener('beforeprint', () => {
  isDark.value = false
  isPrinted.value = true
})
addEventListener('afterprint', () => {
  isDark.value = query.matches
  isPrinted.value = false
})
