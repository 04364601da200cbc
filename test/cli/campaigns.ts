import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import type { CampaignJson } from '../../src/report/campaign/json.ts'
import { type Stub, stubApi } from '../stub-api.ts'

/** Campaigns as people start them, for the tests of the command: in a folder of their own, against stubs of the API. */

export const bin = fileURLToPath(new URL('../../bin/isoflop.js', import.meta.url))
export const folder = mkdtempSync(join(tmpdir(), 'isoflop-campaign-'))
const running = new Set<ChildProcess>()
const stubs: Stub[] = []
after(() => {
  for (const child of running) child.kill('SIGKILL')
  for (const stub of stubs) stub.close()
  rmSync(folder, { recursive: true })
})

export interface Ended {
  readonly status: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface Started {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when stderr has this text. */
  said(text: string): Promise<void>
}

/** Starts `isoflop campaign` in the test's folder, with the environment's key for APIs unset or as given. */
export function start(args: readonly string[], env: Record<string, string> = {}): Started {
  const { ISOFLOP_API_KEY: _, ...inherited } = process.env
  const child = spawn(process.execPath, [bin, 'campaign', ...args], { cwd: folder, env: { ...inherited, ...env } })
  running.add(child)
  const printed = { stdout: '', stderr: '' }
  child.stdout.on('data', (chunk) => {
    printed.stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    printed.stderr += chunk
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (status, signal) => {
      running.delete(child)
      resolve({ status, signal, ...printed })
    })
  })
  const said = (text: string) =>
    new Promise<void>((resolve, reject) => {
      const look = () => printed.stderr.includes(text) && resolve()
      child.stderr.on('data', look)
      child.on('close', () => reject(new Error(`it ended without saying "${text}": ${printed.stderr}`)))
      look()
    })
  return { child, ended, said }
}

export const campaign = (...args: string[]) => start(args).ended

export async function stub(options: Parameters<typeof stubApi>[0] = {}): Promise<Stub> {
  const made = await stubApi(options)
  stubs.push(made)
  return made
}

/** The options of a campaign that plans in no time, so that a test is about the session. */
export const against = ({ url, key }: Stub, out: string, strategy = 'profiles-surface') =>
  ['--api', url, '--api-key', key, '--strategy', strategy, '--out', out, '--json'] as const

/** What a campaign came to, of the process's answer; the process must have ended well. */
export function resultOf({ status, stdout, stderr }: Ended): CampaignJson {
  assert.equal(status, 0, stderr)
  return JSON.parse(stdout)
}

export const outcome = ({ runs, prediction, spentFlops, rounds, stopped }: CampaignJson) => ({
  ...{ runs, prediction, spentFlops, rounds, stopped },
})

export const recordOf = (out: string) =>
  readFileSync(join(folder, out, 'campaign.jsonl'), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => {
      const { checksum, ...answer } = JSON.parse(line)
      assert.match(checksum, /^[0-9a-f]{12}$/)
      return answer
    })

export const once = (asked: readonly string[]) =>
  assert.equal(new Set(asked).size, asked.length, 'a query was asked twice')
