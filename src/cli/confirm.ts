import { printableLine } from '../core/printable.ts'

/** What who sits at the terminal says to a question; null where nobody does. */
export async function answerTo(question: string): Promise<boolean | null> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return null
  const { createInterface } = await import('node:readline/promises')
  const lines = createInterface({ input: process.stdin, output: process.stderr })
  const answer = await lines.question(`${printableLine(question)} [y/N] `).catch(() => '') // Ctrl-C and Ctrl-D are no answer, so no
  lines.close()
  return /^y(es)?$/i.test(answer.trim())
}
