import { signal } from '@preact/signals'

const query = matchMedia('(prefers-color-scheme: dark)')

/** Whether figures stand on dark. What is printed never does. */
export const isDark = signal(query.matches)
query.addEventListener('change', ({ matches }) => {
  isDark.value = matches
})
addEventListener('beforeprint', () => {
  isDark.value = false
})
addEventListener('afterprint', () => {
  isDark.value = query.matches
})
