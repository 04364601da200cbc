import type { GroupsAnalysis } from '../../fit/groups/result.ts'
import { answersOf, eachBlocks, testBlocks } from '../../report/fit/groups/blocks.ts'
import { Blocks } from '../parts/blocks.tsx'
import { say } from '../words/words.ts'

interface Props {
  readonly groups: GroupsAnalysis
}

/** Several data sets side by side: what they share, and what each says, in the words of the report. */
export const Groups = ({ groups }: Props) => (
  <section class="card prose" aria-labelledby="compared">
    <h2 id="compared">{say.fit.compared}</h2>
    <Blocks blocks={[...answersOf(groups), ...eachBlocks(groups)]} />
  </section>
)

/** What the sharing rests on. */
export function Tests({ groups }: Props) {
  const blocks = testBlocks(groups)
  if (blocks.length === 0) return null
  return (
    <section class="card prose">
      <Blocks blocks={blocks} />
    </section>
  )
}
