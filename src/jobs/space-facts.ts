import { isCourse } from '../cs336/space.ts'
import type { Space } from '../space/space.ts'

/**
 * What the facts of a producer say of its space: nothing of the course's, as databases and queues of older versions have it. Workers with another
 * space never take what has this, and a database with answers of one is never served with another.
 */
export const spaceFacts = (space: Pick<Space, 'spec' | 'runsFingerprint'>): Readonly<Record<string, string>> =>
  isCourse(space) ? {} : { space: space.runsFingerprint }
