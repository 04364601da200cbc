import { apiSpace } from '../cs336/space.ts'
import { readSpace } from '../space/file.ts'
import type { Space } from '../space/space.ts'

/** The space of a file, or the course's by its name. Errors: those of `readSpace`. */
export const spaceNamed = async (file: string): Promise<Space> => (file === apiSpace.name ? apiSpace : readSpace(file))
