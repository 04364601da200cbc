import type { Producer } from '../backend/backend.ts'
import { courseSpace, isCourse } from '../cs336/space.ts'
import { spaceOfDocument } from '../space/file.ts'
import type { Space } from '../space/space.ts'
import { damagedDatabase } from './store/common.ts'
import type { Store } from './store/store.ts'

/**
 * The space whose runs a database has, under its fingerprint, which is among the facts of what answers it: whoever judges or shows the database later
 * needs no file. Of a database that notes none it is the course's.
 */

const nameOf = (fingerprint: string): string => `space ${fingerprint}`

/** Notes the space of a file as it is served now: its budget and target may have changed since. */
export async function noteSpace(store: Store, space: Space): Promise<void> {
  if (!isCourse(space)) await store.note(nameOf(space.runsFingerprint), JSON.stringify(space.spec))
}

/** Errors: RECORD_DAMAGED, SPACE_INVALID. */
export async function notedSpace(store: Store, producer: Producer | null): Promise<Space> {
  const fingerprint = producer?.space
  if (fingerprint === undefined) return courseSpace()
  const text = await store.recall(nameOf(fingerprint))
  if (text === null) throw damagedDatabase(`it has runs of the space ${fingerprint}, and does not say what that is`)
  return spaceOfDocument(JSON.parse(text), `the space ${fingerprint} of the database`)
}
