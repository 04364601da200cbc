import { answerQuestions, confine } from '../confined/limits.ts'

/** What the process of `workbook.ts` is asked, one question at a time. */
export type Question =
  | { readonly kind: 'open'; readonly bytes: Uint8Array }
  | { readonly kind: 'read'; readonly sheet: string }
  | { readonly kind: 'next' }

/** A row of a sheet: its number in it, from 1, and its cells. */
export interface SheetRow {
  readonly row: number
  readonly cells: readonly unknown[]
}

/** A sheet and its first rows that are not blank. */
export interface SheetHead {
  readonly name: string
  readonly head: readonly SheetRow[]
}

export type Answer =
  | { readonly kind: 'opened'; readonly sheets: readonly SheetHead[] }
  | { readonly kind: 'reading' }
  | { readonly kind: 'rows'; readonly rows: readonly SheetRow[]; readonly isLast: boolean }
  | { readonly kind: 'failed'; readonly message: string }

/**
 * What a file may take. Sheets of runs unpack to 5 to 20 times their size and take 60 to 90 bytes of memory a byte; a sheet of nothing
 * unpacks to a thousand times.
 */
const limitsOf = (bytes: number) => ({
  memory: 2 ** 29 + 100 * bytes,
  cpuMs: 2_000 + bytes / 300, // a sheet of 500,000 cells takes 1.7 s
  lateCpuMs: 500 + bytes / 600,
})

/** Rows of each sheet that are shown before one is chosen, and sheets of which they are. */
const headRows = 50
const mostSheets = 50
/** Rows that are answered at once. */
const rowsAtOnce = 4096

let file: Uint8Array = new Uint8Array()
let rows: AsyncGenerator<SheetRow> | null = null

async function answer(question: Question): Promise<Answer> {
  switch (question.kind) {
    case 'open':
      await import('hucre/xlsx')
      await confine(limitsOf(question.bytes.length))
      file = question.bytes
      return { kind: 'opened', sheets: await headsOf(await sheetNames()) }
    case 'read':
      rows = rowsOf(question.sheet)
      return { kind: 'reading' }
    case 'next':
      return nextRows()
  }
}

/** The names of the sheets that a person sees. */
async function sheetNames(): Promise<string[]> {
  const { readXlsx } = await import('hucre/xlsx')
  const names: string[] = []
  await readXlsx(file, {
    sheets: ({ name, hidden, veryHidden }) => {
      if (!hidden && !veryHidden) names.push(name)
      return false
    },
  })
  return names
}

async function headsOf(names: readonly string[]): Promise<SheetHead[]> {
  const heads: SheetHead[] = []
  for (const name of names.slice(0, mostSheets)) {
    const head: SheetRow[] = []
    for await (const row of rowsOf(name)) if (head.push(row) === headRows) break
    heads.push({ name, head })
  }
  return heads
}

/** The rows of a sheet that are not blank. */
async function* rowsOf(sheet: string): AsyncGenerator<SheetRow> {
  const { streamXlsxRows } = await import('hucre/xlsx')
  for await (const { index, values } of streamXlsxRows(file, { sheet })) {
    if (values.some((cell) => cell !== null && cell !== '')) yield { row: index + 1, cells: values.map(plain) }
  }
}

/** A cell as a number or a text. */
const plain = (cell: unknown): unknown => (cell instanceof Date ? cell.toISOString() : cell)

async function nextRows(): Promise<Answer> {
  const part: SheetRow[] = []
  while (rows !== null && part.length < rowsAtOnce) {
    const { done, value } = await rows.next()
    if (done) return { kind: 'rows', rows: part, isLast: true }
    part.push(value)
  }
  return { kind: 'rows', rows: part, isLast: rows === null }
}

answerQuestions(answer)
