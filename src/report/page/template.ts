import { printable } from '../../core/printable.ts'

/** Text that is HTML already. Everything else that enters a template is escaped. */
export class Html {
  readonly text: string
  constructor(text: string) {
    this.text = text
  }
}

type Part = Html | string | number | null | readonly Part[]

/** Escapes text for HTML, in elements and in quoted attributes. */
export const escapeHtml = (text: string): string =>
  printable(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)

function render(part: Part): string {
  if (part instanceof Html) return part.text
  if (Array.isArray(part)) return part.map(render).join('')
  return part === null ? '' : escapeHtml(String(part))
}

/**
 * HTML from a template; what is put in is escaped unless it is `Html`.
 * @example html`<td>${'<script>'}</td>`.text // <td>&#60;script&#62;</td>
 */
export const html = (strings: TemplateStringsArray, ...parts: Part[]): Html =>
  new Html(strings.reduce((text, string, k) => text + render(parts[k - 1] ?? null) + string))

/** Text whose powers, such as C^0.51 or N^(1/q), are raised. */
export const raised = (text: string): Html =>
  new Html(escapeHtml(text).replace(/\^(?:(-?[\d.]*\d|[a-z]+)|\(([^()]+)\))/g, '<sup>$1$2</sup>'))
