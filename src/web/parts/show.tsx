import { type ComponentType, render } from 'preact'

/** Shows a page, once it knows what it needs to know before. */
export async function show(open: () => Promise<void>, Page: ComponentType): Promise<void> {
  await open()
  render(<Page />, document.getElementById('app')!)
}
