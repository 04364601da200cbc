/** A block of code of a page in Markdown, indented or fenced. */
export interface Block {
  /** The heading above it. */
  readonly section: string
  /** Of the page, where the block begins, from 1. */
  readonly line: number
  readonly kind: Kind
  /** Without its indentation. */
  readonly text: string
}

/** What a reader does with a block: types it into a shell, saves it as a program, or reads it. */
export type Kind = 'shell' | 'python' | 'javascript' | 'text'

/** The blocks of a page, in its order. */
export function blocksOf(page: string): Block[] {
  const lines = page.split('\n')
  const blocks: Block[] = []
  let section = ''
  for (let k = 0; k < lines.length; ) {
    const fence = /^( *)(```+)(\w*)/.exec(lines[k])
    const end = fence ? endOfFence(lines, k, fence[2]) : endOfIndented(lines, k)
    if (end === k) {
      section = /^#+ (.+)/.exec(lines[k])?.[1] ?? section
      k++
      continue
    }
    const inside = fence ? lines.slice(k + 1, end - 1) : lines.slice(k, end)
    const text = withoutIndentation(inside).join('\n').trimEnd()
    blocks.push({ section, line: k + 1, kind: kindOf(text), text })
    k = end
  }
  return blocks
}

function endOfFence(lines: readonly string[], begin: number, marks: string): number {
  const end = lines.findIndex((line, k) => k > begin && line.trim() === marks)
  if (end < 0) throw new Error(`a fence of line ${begin + 1} is not closed`)
  return end + 1
}

/** Four blanks or more below a blank line: code, of a page or of an item of a list. Blank lines within are its own. */
function endOfIndented(lines: readonly string[], begin: number): number {
  if (begin > 0 && lines[begin - 1].trim() !== '') return begin
  let end = begin
  for (let k = begin; k < lines.length && /^( {4}|\s*$)/.test(lines[k]); k++) if (lines[k].trim() !== '') end = k + 1
  return /^ {4}/.test(lines[begin]) ? end : begin
}

function withoutIndentation(lines: readonly string[]): string[] {
  const depth = Math.min(...lines.filter((line) => line.trim() !== '').map((line) => line.search(/\S/)))
  return lines.map((line) => line.slice(depth))
}

/** Programs that a page asks somebody to run. A block is typed into a shell where it begins with one. */
const programs =
  /^(\$ |[A-Z_]+=(\$\([^)]*\)|\S)+ )*(npx|npm|isoflop|node|sh|bash|cat|echo|curl|docker|python3?|pip|sqlite3|pg_\w+|psql|ssh|sbatch|kubectl|git|cd|mkdir|export|tar|source|uv|conda) /

/** By what stands in it: these pages say no languages, and a block that would be read as text by mistake fails a test. */
function kindOf(text: string): Kind {
  if (programs.test(text)) return 'shell'
  if (/^import .*\bfrom '/m.test(text)) return 'javascript'
  if (/^(import|from) \w+/.test(text)) return 'python'
  return 'text'
}

/** The commands of a block for a shell: without remarks, lines that end with a backslash or within quotes put together. */
export function commandsOf(text: string): string[] {
  const commands: string[] = []
  let open = ''
  for (const line of text.split('\n')) {
    open += open === '' ? line.replace(/^\$ /, '') : `\n${line}`
    if (open.endsWith('\\') || isWithinQuotes(open)) continue
    const command = withoutRemark(open)
    if (command !== '') commands.push(command)
    open = ''
  }
  if (open !== '') throw new Error(`a command is not finished: ${open}`)
  return commands
}

const isWithinQuotes = (text: string): boolean => quotes(text).open !== null

const withoutRemark = (text: string): string => text.slice(0, quotes(text).remark ?? text.length).trim()

/** Which quote is open at the end of a text, and where a remark begins. */
function quotes(text: string): { open: string | null; remark: number | null } {
  let open: string | null = null
  for (let k = 0; k < text.length; k++) {
    if (open === null && text[k] === '#' && /(^|\s)$/.test(text.slice(0, k))) return { open, remark: k }
    if (text[k] === open) open = null
    else if (open === null && (text[k] === "'" || text[k] === '"')) open = text[k]
  }
  return { open, remark: null }
}
