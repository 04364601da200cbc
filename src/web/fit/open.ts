import { openSession, session } from '../session.ts'
import { begin, fault } from './state.ts'

/** Makes the session, and reads what the command line named; the page is there before that is read. */
export async function openFit(): Promise<void> {
  await openSession()
  if (session.value === 'none') return
  begin().catch((error: Error) => {
    fault.value = error.message
  })
}
