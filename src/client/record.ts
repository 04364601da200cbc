import { appendFileSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { configOfWire, type WireConfig, wireOfConfig } from '../api/contract.ts'
import { configIdentity, type TrainingConfig } from '../core/config.ts'

/** Answers on disk, one JSON object a line, in the columns of the API. */
export interface AnswerRecord {
  get(identity: string): number | undefined
  /** Appends an answer before anyone relies on it. */
  add(config: TrainingConfig, loss: number): void
}

/** Opens or begins a record. A last line that a crash cut short is passed over. */
export function openRecord(file: string): AnswerRecord {
  const answers = new Map<string, number>()
  if (existsSync(file))
    for (const line of readFileSync(file, 'utf8').split('\n')) {
      const answer = answerOf(line)
      if (answer) answers.set(configIdentity(configOfWire(answer)), answer.loss)
    }
  else mkdirSync(dirname(file), { recursive: true })
  const torn = existsSync(file) && !/(^|\n)$/.test(readFileSync(file, 'utf8'))
  if (torn) appendFileSync(file, '\n')
  return {
    get: (identity) => answers.get(identity),
    add(config, loss) {
      appendFileSync(file, `${JSON.stringify({ ...wireOfConfig(config), loss })}\n`)
      answers.set(configIdentity(config), loss)
    },
  }
}

function answerOf(line: string): (WireConfig & { loss: number }) | null {
  try {
    const answer = JSON.parse(line)
    return typeof answer?.loss === 'number' ? answer : null
  } catch {
    return null
  }
}
