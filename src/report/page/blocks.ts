import type { Diagnostic } from '../../core/diagnostic.ts'
import type { FigureText } from '../draw/svg.ts'
import type { Language } from '../words/words.ts'

/** A piece of a sentence. Texts are plain: whatever writes a document escapes them. */
export type Span =
  | string
  | { readonly strong: string }
  | { readonly code: string }
  /** Powers, such as C^0.51 or N^(1/q), are raised where the document can. */
  | { readonly formula: string }

export type Text = Span | readonly Span[]

/** What stands in a table: some text, or a number with its interval. */
export type Cell = Text | { readonly value: string; readonly interval: string }

/** A document: written as HTML (html.ts) or as Markdown (markdown.ts). */
export interface Page {
  readonly title: string
  readonly blocks: readonly Block[]
  /** What it is written in; English by default. */
  readonly language?: Language | undefined
}

/** A part of a document, which a terminal shows as well (text.ts). */
export type Block =
  | { readonly kind: 'heading'; readonly text: string }
  | { readonly kind: 'paragraph'; readonly text: Text; readonly isAnswer?: boolean }
  | { readonly kind: 'list'; readonly items: readonly Text[] }
  | { readonly kind: 'facts'; readonly rows: readonly Fact[] }
  | { readonly kind: 'table'; readonly columns: readonly Column[]; readonly rows: readonly (readonly Cell[])[] }
  | { readonly kind: 'diagnostics'; readonly items: readonly Remark[] }
  | { readonly kind: 'figure'; readonly figure: FigureText }
  | Section

export type Fact = readonly [name: string, value: Text]

export interface Column {
  readonly title: string
  /** Text stands left, numbers right. */
  readonly align: 'left' | 'right'
}

/** Blocks under a title of their own. */
export interface Section {
  readonly kind: 'section'
  readonly title: string
  readonly blocks: readonly Block[]
  /** Whether they are hidden at first where the document can; false by default. */
  readonly isClosed?: boolean
}

/** What to know about a result, and what to do about it. */
export type Remark = Pick<Diagnostic, 'severity' | 'message' | 'advice'> & { readonly code: string }

export const heading = (text: string): Block => ({ kind: 'heading', text })
export const paragraph = (...text: readonly Span[]): Block => ({ kind: 'paragraph', text })
export const facts = (rows: readonly Fact[]): Block => ({ kind: 'facts', rows })
/** A list, or nothing where it has no items. */
export const list = (items: readonly Text[]): Block[] => (items.length > 0 ? [{ kind: 'list', items }] : [])

/** A table whose first columns are text and the others numbers, or nothing where it has no rows. */
export const table = (head: readonly string[], rows: readonly (readonly Cell[])[], textColumns = 1): Block[] => {
  const columns = head.map((title, k) => ({ title, align: k < textColumns ? 'left' : 'right' }) as const)
  return rows.length > 0 ? [{ kind: 'table', columns, rows }] : []
}

export const spansOf = (text: Text): readonly Span[] => (Array.isArray(text) ? text : [text as Span])

/** The figures of some blocks, in their order. */
export const figuresOf = (blocks: readonly Block[]): FigureText[] =>
  blocks.flatMap((block) =>
    block.kind === 'figure' ? [block.figure] : block.kind === 'section' ? figuresOf(block.blocks) : [],
  )
