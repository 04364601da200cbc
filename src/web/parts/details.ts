import { useLayoutEffect } from 'preact/hooks'

/** Where the keyboard was when it went to the details of a run. */
let from: HTMLElement | null = null

/** Goes to the details of the run that the keyboard has just picked. */
export function goToDetails(): void {
  from = document.activeElement as HTMLElement | null
  // They are there with the next frame.
  requestAnimationFrame(() => document.getElementById('details')?.focus())
}

/** Details that Escape closes; the keyboard is then where it came from. */
export function useDetails(run: number | null, close: () => void): void {
  // Before they are seen: who presses Escape at once is heard.
  useLayoutEffect(() => {
    if (run === null) {
      if (document.activeElement === document.body) from?.focus()
      from = null
      return
    }
    const press = ({ key }: KeyboardEvent) => {
      if (key === 'Escape') close()
    }
    addEventListener('keydown', press)
    return () => removeEventListener('keydown', press)
  }, [run, close])
}
