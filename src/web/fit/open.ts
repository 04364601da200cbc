import { effect } from '@preact/signals'
import type { Start } from '../../explore/question.ts'
import { ask, openSession, session } from '../session.ts'
import { follow } from './fitting.ts'
import { read } from './reading.ts'
import { begin, fault } from './state.ts'

/** Makes the session, and reads what the command line named; the page is there before that is read. */
export async function openFit(): Promise<void> {
  await openSession()
  if (session.value === 'none') return
  start().catch((error: Error) => {
    fault.value = error.message
  })
}

async function start(): Promise<void> {
  begin(await ask<Start>('GET', 'start'))
  effect(follow)
  await read()
}
