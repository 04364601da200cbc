import { apiSpace, cs336Space } from '../cs336/space.ts'
import { readSpace } from '../space/file.ts'
import { withTrainFlops } from '../space/own.ts'
import type { Space } from '../space/space.ts'

/** The space of a file, or the course's by its name, with runs of other FLOPs where they are given. Errors: those of `readSpace`. */
export async function spaceNamed(file: string, trainFlops?: readonly number[]): Promise<Space> {
  if (file === apiSpace.name) return cs336Space({ ...(trainFlops && { trainFlops }) }) as unknown as Space
  const space = await readSpace(file)
  return trainFlops === undefined ? space : withTrainFlops(space, trainFlops)
}
