import type { FigureText } from '../draw/svg.ts'

/** A piece of a sentence. Texts are plain: whatever writes a document escapes them. */
export type Span = string | { readonly strong: string } | { readonly code: string }
export type Text = Span | readonly Span[]

/** A document's parts, which are written as HTML and as Markdown. */
export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: Text; readonly isAnswer?: boolean }
  | { readonly kind: 'list'; readonly items: readonly Text[] }
  | { readonly kind: 'facts'; readonly rows: readonly (readonly [name: string, value: Text])[] }
  | Table
  | { readonly kind: 'diagnostics'; readonly items: readonly Remark[] }
  | { readonly kind: 'figure'; readonly figure: FigureText }
  /** Closed at first where the document can. */
  | { readonly kind: 'details'; readonly summary: string; readonly blocks: readonly Block[] }

interface Table {
  readonly kind: 'table'
  readonly head: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** The first so many columns are text, the others numbers. */
  readonly textColumns: number
}

/** What to know about a campaign, and what to do about it. */
export interface Remark {
  readonly severity: 'info' | 'warning'
  readonly code: string
  readonly message: string
  readonly advice: string
}

export const heading = (text: string): Block => ({ kind: 'heading', text })
export const paragraph = (...text: readonly Span[]): Block => ({ kind: 'paragraph', text })
/** A list, or nothing where it has no items. */
export const list = (items: readonly Text[]): Block[] => (items.length > 0 ? [{ kind: 'list', items }] : [])
/** A table, or nothing where it has no rows. */
export const table = (head: readonly string[], rows: Table['rows'], textColumns = 1): Block[] =>
  rows.length > 0 ? [{ kind: 'table', head, rows, textColumns }] : []

/** Some text with one full stop at its end. */
export const sentence = (text: string): string => `${text.trim().replace(/[.\s]+$/, '')}.`

export const spansOf = (text: Text): readonly Span[] => (Array.isArray(text) ? text : [text as Span])
