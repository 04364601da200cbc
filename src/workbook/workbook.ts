import { Confined } from '../confined/confined.ts'
import type { Answer, Question, SheetHead, SheetRow } from './process.ts'

export type { SheetHead, SheetRow }

/** The process that reads. */
const place = new URL(`./process.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url)

/**
 * Reads one sheet of an Excel workbook (.xlsx), some thousand rows at a time: the one that `choose`, shown all sheets and their first rows,
 * names. Blank rows are left out, hidden sheets are none. It is read in a process of its own with limits that grow with the file.
 *
 * @example for await (const rows of readWorkbook(bytes, ([first]) => first.name)) ...
 *
 * Throws an Error that says what is wrong with the file, and whatever `choose` throws.
 */
export async function* readWorkbook(
  bytes: Uint8Array,
  choose: (sheets: readonly SheetHead[]) => string,
): AsyncGenerator<readonly SheetRow[]> {
  const reader = Confined.take<Question, Answer>(place, 'workbooks')
  try {
    const { sheets } = await reader.ask({ kind: 'open', bytes }, 'opened')
    await reader.ask({ kind: 'read', sheet: choose(sheets) }, 'reading')
    for (let isLast = false; !isLast; ) {
      const part = await reader.ask({ kind: 'next' }, 'rows')
      isLast = part.isLast
      yield part.rows
    }
  } finally {
    reader.giveBack(bytes.length)
  }
}
